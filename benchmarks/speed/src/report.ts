import { type Circumstances, markdownTable } from '@revflow/benchmark-shared'

/** What a run is. */
export interface Facts extends Circumstances {
  /** Processes that ran or waited in the minute before: what else the machine was at. */
  readonly load: number
  readonly threads: number
  readonly rounds: number
  readonly seconds: number
  readonly peers: string
  readonly skipped: readonly string[]
}

/** A contestant at one size; a number for each round. */
export interface Measurement {
  /** Median milliseconds of a call, by the clock. */
  readonly ms: readonly number[]
  /** Milliseconds of processor time a call. */
  readonly cpuMs: readonly number[]
  /** Milliseconds of the first call, compilation included. */
  readonly compileMs?: number
  /** Of the products of one call. */
  readonly flops?: number
  /** From the first contestant's first update. */
  readonly difference?: number
}

export interface Row {
  readonly agent: string
  readonly batch: number
  readonly candidates: number
  readonly hidden: number
  /** Whether it is a policy step, not an update. */
  readonly policy?: boolean
  readonly times: Readonly<Record<string, Measurement>>
}

/** Rounds of a policy step for one of an update, as much shorter: what else a machine does changes its few calls by half. */
export const POLICY_ROUNDS = 10

export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!
const OURS = 'compiled'
const PEER = 'JAX'
const NATIVE = 'tfjs-node'
const number = (value: number) => (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0))

/** How many times as long the peer takes, a number for each round. */
function ratios({ times }: Row, kind: 'ms' | 'cpuMs'): number[] {
  const [ours, peer] = [times[OURS], times[PEER]]
  return ours && peer ? peer[kind].map((value, i) => value / ours[kind][i]!) : []
}

/** Median, and between what the rest lies but for a share of `outside` at either end. */
function spread(values: readonly number[], outside = 0): string {
  if (values.length === 0) return '–'
  const sorted = [...values].sort((a, b) => a - b)
  const skipped = Math.floor(outside * values.length)
  return `${median(values).toFixed(2)} (${sorted[skipped]!.toFixed(2)}–${sorted.at(-1 - skipped)!.toFixed(2)})`
}

function updateLine(line: Row, kind: 'ms' | 'cpuMs', best: number | undefined): string[] {
  const { agent, batch, candidates, hidden, times } = line
  const cell = (name: string) => (times[name] ? number(median(times[name][kind])) : '–')
  const ours = times[OURS]!
  const rate = ours.flops ? ours.flops / Math.min(...ours[kind]) / 1e6 : undefined
  return [
    `${agent}, B ${batch}, K ${candidates}, ${hidden} × 2`,
    cell(OURS),
    cell(PEER),
    spread(ratios(line, kind)),
    ...(kind === 'cpuMs' ? [spread(ratios(line, 'ms'))] : []),
    cell('tfjs wasm'),
    cell(NATIVE),
    rate ? `${rate.toFixed(0)}${best ? ` (${((100 * rate) / best).toFixed(0)} %)` : ''}` : '–',
    ours.compileMs
      ? `${(ours.compileMs / 1000).toFixed(1)} / ${times[PEER] ? (times[PEER].compileMs! / 1000).toFixed(0) : '–'}`
      : '–',
  ]
}

/** The results of a run as Markdown. */
export function writeReport(
  facts: Facts,
  rows: readonly Row[],
  products: Readonly<Record<string, Readonly<Record<string, number>>>>,
): string {
  const { threads, rounds, seconds } = facts
  const kind = threads === 1 ? 'cpuMs' : 'ms'
  const clock =
    threads === 1
      ? 'the processor time of all threads, which what else runs\ntouches least, though Node adds what its compiler and collector do meanwhile'
      : 'the clock'
  const best = (hidden: number) => Math.max(...Object.values(products[hidden] ?? {}))
  const updates = rows.filter(({ policy }) => !policy)
  const behind = updates.filter((line) => median([...ratios(line, kind), ...(line.times[PEER] ? [] : [1])]) < 1)
  const name = ({ agent, batch, candidates, hidden }: Row) => `${agent} at B ${batch}, K ${candidates}, ${hidden} × 2`
  const policies = rows
    .filter(({ policy }) => policy)
    .map(({ agent, times, ...rest }) => [
      agent,
      ...[OURS, PEER, NATIVE].map((peer) => (times[peer] ? (1000 * median(times[peer].ms)).toFixed(0) : '–')),
      spread(ratios({ agent, times, ...rest }, 'ms'), 0.25),
    ])
  const rates = Object.entries(products).map(([hidden, by]) => [
    `[8192, ${hidden}]·[${hidden}, ${hidden}]`,
    ...[OURS, PEER, NATIVE].map((peer) => String(by[peer] ?? '–')),
  ])
  return `# One update, by engine, on ${threads} ${threads === 1 ? 'thread' : 'threads'}

Written by \`npx -y pnpm@12 bench:speed --threads ${threads}\`; every number is in [speed.jsonl](speed.jsonl). ${facts.date}, commit
${facts.commit}, ${facts.machine}, Node ${facts.node}, load average ${facts.load} at the start. ${facts.peers}.${facts.skipped.map((reason) => ` Skipped: ${reason}.`).join('')}

The updates of \`rfm\` and \`qne\` with their default options, observations of 24 numbers, actions of 6, the actor on the whole
batch. Before anything is timed, metrics and Adam moments of the first update must be the same in each. Milliseconds are
medians of ${rounds} rounds of ${seconds} s, ours and JAX in turn in a round and the eager engines after them; they and the ratios are by
${clock}.
Ratio: JAX's time over ours, median of the rounds (and their range). GFLOP/s: of the products that our update computes, with
their share of the best product measured (below). The eager engines, tfjs wasm and tfjs-node, run only up to B·K = 1,024.
First call: seconds, compilation included, ours / JAX's.

${markdownTable(
  [
    'update',
    'compiled, ms',
    'JAX, ms',
    'JAX / compiled',
    ...(threads === 1 ? ['by the clock'] : []),
    'tfjs wasm, ms',
    'tfjs-node, ms',
    'GFLOP/s',
    'first call, s',
  ],
  updates.map((line) => updateLine(line, kind, best(line.hidden))),
)}

${behind.length > 0 ? `JAX is faster at ${behind.map(name).join('; ')}.` : ''}

## Policy step

One observation, a sample of the policy (hidden 256 × 2), microseconds by the clock: medians of ${POLICY_ROUNDS * rounds} rounds of
${seconds / POLICY_ROUNDS} s; the ratio's quartiles in brackets.

${markdownTable(['agent', 'compiled', 'JAX', 'tfjs-node', 'JAX / compiled'], policies)}

## Matrix products alone

GFLOP/s, five in a row, the best of ${rounds} rounds.

${markdownTable(['product', 'ONNX Runtime', 'JAX', 'tfjs-node'], rates)}
`
}
