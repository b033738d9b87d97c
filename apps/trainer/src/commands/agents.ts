import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Agent, agentPage, agents, agentsPage, describeAgent } from '@revflow/agents'
import { writeAtomically } from '../run/folder.ts'

/** `revflow agents`: names and references, all there is to say as JSON, or a page an agent. */
export function agentsCommand({ json, docs }: { readonly json?: boolean; readonly docs?: string }): number {
  const all = Object.values(agents) as readonly Agent[]
  if (docs !== undefined) {
    mkdirSync(docs, { recursive: true })
    for (const agent of all) writeAtomically(join(docs, `${agent.name}.md`), agentPage(agent))
    writeAtomically(join(docs, 'index.md'), agentsPage(all))
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
