import { join } from 'node:path'
import { findTask, listTasks } from '@revflow/envs'
import { fileWriter } from '../run/folder.ts'
import { domainPage, domains, domainsIndex } from './env-pages.ts'

interface EnvsFlags {
  readonly json?: boolean
  readonly docs?: string
}

/** `revflow envs`: every task with its sizes, as a table or as one JSON array, or a page a domain. */
export async function envsCommand({ json, docs }: EnvsFlags): Promise<number> {
  if (docs !== undefined) {
    const write = (name: string, page: string) => fileWriter(join(docs, `${name}.md`))(page)
    for (const [domain, names] of domains()) write(domain, await domainPage(domain, names))
    write('index', domainsIndex())
    process.stdout.write(`${domains().size + 1} pages in ${docs}\n`)
    return 0
  }
  const tasks = listTasks().map((task) => {
    const { description, observations, actions } = findTask(task.name)
    return { ...task, description, observations, actions }
  })
  if (json) {
    process.stdout.write(`${JSON.stringify(tasks)}\n`)
    return 0
  }
  const rows = [
    ['task', 'observation', 'action', 'control step', 'episode', 'actuators'],
    ...tasks.map((task) => [
      task.name,
      `${task.observationSize}`,
      `${task.actionSize}`,
      `${task.controlTimestep} s`,
      `${task.episodeSteps} steps`,
      task.actions.join(', '),
    ]),
  ]
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  for (const row of rows)
    process.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd()}\n`,
    )
  return 0
}
