import { findTask, listTasks } from '@revflow/envs'

/** `revflow envs`: every task with its sizes, as a table or as one JSON array. */
export function envsCommand({ json }: { json?: boolean }): number {
  const tasks = listTasks().map((task) => ({
    ...task,
    observations: findTask(task.name).observations,
    actions: findTask(task.name).actions,
  }))
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
