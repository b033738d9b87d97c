import { join } from 'node:path'
import { type Agent, agentPage, agents, agentsPage, describeAgent } from '@revflow/agents'
import { fileWriter } from '../run/folder.ts'

/** `revflow agents`: names and references, all there is to say as JSON, or a page an agent. */
export function agentsCommand({ json, docs }: { readonly json?: boolean; readonly docs?: string }): number {
  const all = Object.values(agents) as readonly Agent[]
  if (docs !== undefined) {
    const write = (name: string, page: string) => fileWriter(join(docs, `${name}.md`))(page)
    for (const agent of all) write(agent.name, agentPage(agent))
    write('index', agentsPage(all))
    process.stdout.write(`${all.length + 1} pages in ${docs}\n`)
    return 0
  }
  if (json) {
    process.stdout.write(`${JSON.stringify(all.map(describeAgent), null, 2)}\n`)
    return 0
  }
  const width = Math.max(...all.map(({ name }) => name.length))
  for (const { name, reference } of all) process.stdout.write(`${name.padEnd(width)}  ${reference}\n`)
  return 0
}
