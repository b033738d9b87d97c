import { type Circumstances, markdownTable } from '@revflow/benchmark-shared'
import type { MemorySample } from './memory.ts'
import { ENVIRONMENTS, median, ratiosOf, type TaskSpeed, WORKERS } from './speed.ts'

/** What a run is. */
export interface RunFacts extends Circumstances {
  /** Processes that ran or waited in the minute before: what else the machine was at. */
  readonly load: number
  /** Versions, or why there is nothing to compare with. */
  readonly python: string
  readonly rounds: number
  readonly seconds: number
}

const thousands = (value: number) => `${(value / 1000).toFixed(value < 10_000 ? 1 : 0)}k`
const workersOf = (n: number) => `${n} ${n === 1 ? 'worker' : 'workers'}`

/** Median and range. */
function spread(values: readonly number[]): string {
  if (values.length === 0) return '–'
  return `${median(values).toFixed(1)}× (${Math.min(...values).toFixed(1)}–${Math.max(...values).toFixed(1)})`
}

const byClock = (rates: TaskSpeed['single']) =>
  rates.length > 0 ? thousands(median(rates.map(({ wall }) => wall))) : '–'

/** The results of a run as Markdown. */
export function writeTable(
  facts: RunFacts,
  speeds: readonly TaskSpeed[],
  overhead: readonly number[],
  memory: Readonly<Record<string, readonly MemorySample[]>>,
): string {
  const head = [
    'task',
    'one environment',
    'dm_control',
    'ratio',
    ...WORKERS.map((n) => `${ENVIRONMENTS} together, ${workersOf(n)}`),
    '2 workers over 0',
  ]
  const lines = speeds.map((speed) => [
    `\`${speed.task}\``,
    byClock(speed.single),
    byClock(speed.python),
    spread(ratiosOf(speed)),
    ...speed.vector.map((values) => thousands(median(values))),
    spread(speed.vector[2]!.map((value, i) => value / speed.vector[0]![i]!)),
  ])
  const memoryLines = Object.entries(memory).flatMap(([task, samples]) =>
    samples.map((s) => [
      `\`${task}\``,
      ...[s.steps, s.resets, s.rssMB, s.heapUsedMB, s.externalMB, s.wasmMB].map(String),
    ]),
  )
  return `# Environments

Written by \`npx -y pnpm@12 bench:envs\`; every number is in [envs.jsonl](envs.jsonl). ${facts.date}, commit ${facts.commit},
${facts.machine}, Node ${facts.node}, load average ${facts.load} at the start; Python: ${facts.python}.

## Control steps a second

Observation and reward included, random actions, resets included. Medians of ${facts.rounds} rounds of ${facts.seconds} s a measurement,
all kinds in turn in a round. Ratios are medians of the rounds' ratios (and their range): that of one environment to dm_control
for the same processor time, that of 2 workers to none by the clock.

${markdownTable(head, lines)}

A call of \`step\` of ${ENVIRONMENTS} environments that do nothing takes ${WORKERS.map((n, i) => `${overhead[i]!.toFixed(1)} µs with ${workersOf(n)}`).join(', ')}.

## Memory

MB, garbage collected, of one environment.

${markdownTable(['task', 'steps', 'resets', 'resident', 'heap used', 'external', "MuJoCo's memory"], memoryLines)}
`
}
