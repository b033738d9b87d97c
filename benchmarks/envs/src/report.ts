import type { MemorySample } from './memory.ts'
import { ENVIRONMENTS, median, type TaskSpeed, WORKERS } from './speed.ts'

/** Where, when and of what a run is. */
export interface RunFacts {
  readonly date: string
  readonly commit: string
  readonly machine: string
  readonly node: string
  /** Versions, or why there is nothing to compare with. */
  readonly python: string
  readonly rounds: number
  readonly seconds: number
}

const thousands = (value: number) => `${(value / 1000).toFixed(value < 10_000 ? 1 : 0)}k`
const ratios = (above: readonly number[], below: readonly number[]) => above.map((value, i) => value / below[i]!)
const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`

/** Median and range of our steps a second over those of dm_control, by rounds. */
function compare({ single, python }: TaskSpeed): string {
  if (python.length === 0) return '–'
  const all = ratios(single, python)
  return `${median(all).toFixed(1)}× (${Math.min(...all).toFixed(1)}–${Math.max(...all).toFixed(1)})`
}

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
    ...WORKERS.map((n) => `${ENVIRONMENTS} environments, ${n} workers`),
    '2 workers over 0',
  ]
  const lines = speeds.map((speed) =>
    row([
      `\`${speed.task}\``,
      thousands(median(speed.single)),
      speed.python.length > 0 ? thousands(median(speed.python)) : '–',
      compare(speed),
      ...speed.vector.map((values) => thousands(median(values))),
      `${median(ratios(speed.vector[2]!, speed.vector[0]!)).toFixed(1)}×`,
    ]),
  )
  const memoryLines = Object.entries(memory).flatMap(([task, samples]) =>
    samples.map((s) =>
      row([`\`${task}\``, ...[s.steps, s.resets, s.rssMB, s.heapUsedMB, s.externalMB, s.wasmMB].map(String)]),
    ),
  )
  return `# Environments

Written by \`npx -y pnpm@12 bench:envs\`; every number is in [envs.jsonl](envs.jsonl). ${facts.date}, commit ${facts.commit},
${facts.machine}, Node ${facts.node}; Python: ${facts.python}.

## Control steps a second

Observation and reward included, random actions, resets included. Medians of ${facts.rounds} rounds of ${facts.seconds} s a measurement, all
kinds in turn in a round; the ratio is the median of the rounds' ratios (and their range), of one environment to dm_control.

${row(head)}
${row(head.map((_, i) => (i === 0 ? '---' : '---:')))}
${lines.join('\n')}

A call of \`step\` of ${ENVIRONMENTS} environments that do nothing takes ${WORKERS.map((n, i) => `${overhead[i]!.toFixed(1)} µs with ${n} workers`).join(', ')}.

## Memory

MB, garbage collected, of one environment.

| task | steps | resets | resident | heap used | external | MuJoCo's memory |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
${memoryLines.join('\n')}
`
}
