import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { circumstances } from '@revflow/benchmark-shared'
import { lookUp } from '@revflow/core'
import { listTasks } from '@revflow/envs'
import { Command } from 'commander'
import { allocatedByStep, type MemorySample, watchMemory } from './memory.ts'
import { openPython } from './python.ts'
import type { Rate } from './rate.ts'
import { type RunFacts, writeTable } from './report.ts'
import { ENVIRONMENTS, median, ratiosOf, type TaskSpeed, timeOverhead, timeTask, WORKERS } from './speed.ts'

const RESULTS = fileURLToPath(new URL('../../results', import.meta.url))

interface Flags {
  readonly tasks?: string
  readonly rounds: number
  readonly seconds: number
  readonly python: string
  readonly memoryTasks: string
  readonly steps: number
  readonly resets: number
  readonly out: string
}

function parseFlags(args: readonly string[]): Flags {
  return new Command('bench:envs')
    .description('Steps a second and memory of environments; appends to envs.jsonl and writes envs.md')
    .option('--tasks <names>', 'tasks to time, with commas between (default: all)')
    .option('--rounds <n>', 'rounds', Number, 5)
    .option('--seconds <s>', 'seconds a measurement', Number, 0.3)
    .option('--python <command>', 'Python with dm_control, if there is one', process.env.REVFLOW_PYTHON ?? 'python3')
    .option('--memory-tasks <names>', 'tasks whose memory is watched', 'cheetah-run,reacher-hard')
    .option('--steps <n>', 'steps over which memory is watched', Number, 1_000_000)
    .option('--resets <n>', 'resets over which memory is watched', Number, 10_000)
    .option('--out <folder>', 'where results go', RESULTS)
    .parse(args, { from: 'user' })
    .opts()
}

const rounded = (values: readonly number[]) => values.map(Math.round)
const roundedRates = (rates: readonly Rate[]) => ({
  wall: rounded(rates.map(({ wall }) => wall)),
  cpu: rounded(rates.map(({ cpu }) => cpu)),
})

/** Times tasks and watches memory; a line of JSON each, printed and in the results. Returns the exit code. */
export async function main(
  args: readonly string[],
  print: (text: string) => void = (text) => process.stdout.write(text),
): Promise<number> {
  const flags = parseFlags(args)
  const known = Object.fromEntries(listTasks().map(({ name }) => [name, name]))
  const named = (names: string) =>
    names
      .split(',')
      .filter(Boolean)
      .map((name) => lookUp('task', name, known))
  const tasks = flags.tasks === undefined ? Object.keys(known) : named(flags.tasks)
  const memoryTasks = named(flags.memoryTasks)
  const opened = await openPython(flags.python)
  const python = 'reason' in opened ? undefined : opened
  const facts: RunFacts = {
    ...circumstances(),
    load: Math.round(10 * loadavg()[0]!) / 10,
    python:
      'reason' in opened
        ? `skipped (${opened.reason})`
        : `dm_control on MuJoCo ${opened.mujoco}, Python ${opened.python}`,
    rounds: flags.rounds,
    seconds: flags.seconds,
  }
  mkdirSync(flags.out, { recursive: true })
  const report = (line: object) => {
    const text = `${JSON.stringify(line)}\n`
    print(text)
    appendFileSync(join(flags.out, 'envs.jsonl'), text)
  }

  report({ run: facts })
  const timing = { rounds: flags.rounds, seconds: flags.seconds, python }
  const speeds: TaskSpeed[] = []
  for (const task of tasks) {
    const speed = await timeTask(task, timing)
    speeds.push(speed)
    report({
      task,
      single: roundedRates(speed.single),
      ...(speed.python.length > 0 && { python: roundedRates(speed.python), ratio: median(ratiosOf(speed)) }),
      ...(speed.skipped !== undefined && { skipped: speed.skipped }),
      vector: Object.fromEntries(WORKERS.map((workers, i) => [workers, rounded(speed.vector[i]!)])),
      allocatedBytes: await allocatedByStep(task),
    })
  }
  python?.close()
  const overhead = await timeOverhead(timing)
  report({ environments: ENVIRONMENTS, stepMicroseconds: Object.fromEntries(WORKERS.map((n, i) => [n, overhead[i]])) })
  const memory: Record<string, MemorySample[]> = {}
  for (const task of memoryTasks) {
    memory[task] = await watchMemory(task, flags.steps, flags.resets)
    for (const sample of memory[task]) report({ memory: task, ...sample })
  }
  writeFileSync(join(flags.out, 'envs.md'), writeTable(facts, speeds, overhead, memory))
  return 0
}
