import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { loadavg } from 'node:os'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { circumstances } from '@revflow/benchmark-shared'
import { createRng, drawNoise, parseOptions } from '@revflow/core'
import { HostTensor } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { Command } from 'commander'
import { z } from 'zod'
import { type Block, type Contestant, difference, type Outputs } from './contestant.ts'
import { openJax } from './jax.ts'
import { jitted } from './jitted.ts'
import { type UpdateSize, updateProblem } from './problem.ts'
import { type Facts, type Measurement, median, POLICY_ROUNDS, type Row, writeReport } from './report.ts'

const RESULTS = fileURLToPath(new URL('../../results/speed', import.meta.url))
/** Numbers in an observation and an action: those of walker-run. */
const SPACES = { observation: 24, action: 6 }
/** Greatest relative difference of the first update's metrics and Adam moments. */
const TOLERANCE = 1e-3
/** Candidates B·K above which eager engines are left out: they take seconds an update. */
const EAGER_CANDIDATES = 1024

const names = (text: string) => text.split(',').filter(Boolean)
const counts = z
  .string()
  .transform((text) => names(text).map(Number))
  .pipe(z.array(z.int().positive()))
const flagsSchema = z.strictObject({
  agents: z
    .string()
    .transform(names)
    .pipe(z.array(z.enum(['rfm', 'qne']))),
  batch: counts,
  candidates: counts,
  hidden: counts,
  threads: z.coerce.number().pipe(z.int().positive()),
  rounds: z.coerce.number().pipe(z.int().positive()),
  seconds: z.coerce.number().positive(),
  python: z.string(),
  out: z.string(),
})
type Flags = z.output<typeof flagsSchema>

function parseFlags(args: readonly string[]): Flags {
  const command = new Command('bench:speed')
    .description('Updates by engine, in turn with JAX and others; appends to speed.jsonl and writes speed-<threads>.md')
    .option('--agents <names>', 'agents, with commas between', 'rfm,qne')
    .option('--batch <numbers>', 'B', '64,256')
    .option('--candidates <numbers>', 'K', '16,32,128,500')
    .option('--hidden <numbers>', 'width of both hidden layers', '256,512')
    .option('--threads <n>', 'threads of every contestant', '1')
    .option('--rounds <n>', 'rounds, all contestants in turn in each', '7')
    .option('--seconds <s>', 'seconds a contestant in a round', '0.4')
    .option('--python <command>', 'Python with JAX, if there is one', process.env.REVFLOW_PYTHON ?? 'python3')
    .option('--out <folder>', 'where results go', RESULTS)
  return parseOptions(flagsSchema, command.parse(args, { from: 'user' }).opts(), 'bench:speed')
}

/** Rounds in which all contestants are timed in turn; in every other round in reverse, so that none is always first. */
async function inTurn<T>(
  rounds: number,
  all: readonly T[],
  time: (one: T) => Promise<Block>,
): Promise<Map<T, Block[]>> {
  const blocks = new Map(all.map((one) => [one, [] as Block[]]))
  for (let round = 0; round < rounds; round++)
    for (const one of round % 2 ? [...all].reverse() : all) blocks.get(one)!.push(await time(one))
  return blocks
}

const measurement = (blocks: readonly Block[], more?: Partial<Measurement>): Measurement => ({
  ms: blocks.map(({ ms }) => median(ms)),
  cpuMs: blocks.map(({ cpuMs }) => cpuMs),
  ...more,
})

/** Calls that take about `seconds`; at least one. */
const callsIn = (seconds: number, block: Block) => Math.max(1, Math.round((1000 * seconds) / median(block.ms)))

interface Entry {
  readonly contestant: Contestant
  readonly calls: number
  /** What its first update gave. */
  readonly first: Partial<Measurement>
}

/** Groups of contestants, one after the other: an eager engine's garbage would be collected in the time of a fast one. */
type Groups = readonly (readonly Contestant[])[]

/** Times one size. All contestants must have computed the same first update. */
async function timeUpdates(size: UpdateSize & { agent: string }, groups: Groups, flags: Flags): Promise<Row> {
  const problem = updateProblem(size)
  const times: Record<string, Measurement> = {}
  let reference: Awaited<ReturnType<Contestant['setup']>> | undefined
  for (const contestants of groups) {
    const entries: Entry[] = []
    for (const contestant of contestants) {
      const { compileMs, outputs, flops } = await contestant.setup(problem, size)
      reference ??= { compileMs, outputs }
      const apart = difference(reference.outputs, outputs)
      if (!(apart < TOLERANCE)) throw new Error(`${contestant.name} computes another update: ${apart} apart`)
      const calls = callsIn(flags.seconds, await contestant.run(1))
      const first = { compileMs: Math.round(compileMs), difference: apart, ...(flops && { flops }) }
      entries.push({ contestant, calls, first })
    }
    const blocks = await inTurn(flags.rounds, entries, ({ contestant, calls }) => contestant.run(calls))
    for (const entry of entries) times[entry.contestant.name] = measurement(blocks.get(entry)!, entry.first)
  }
  return { ...size, times }
}

/** A policy step for one observation. */
async function timePolicy(agent: string, groups: Groups, flags: Flags): Promise<Row> {
  const size = { agent, batch: 64, candidates: 16, hidden: 256, ...SPACES }
  const problem = updateProblem(size)
  const rng = createRng(1)
  const draw = (shape: readonly number[]) => HostTensor.from(drawNoise(rng, { law: 'normal', shape }), shape)
  const noise = Object.entries(problem.algorithm.noise.act('sample', 1)).map(([name, { shape }]) => [name, draw(shape)])
  const step = { observation: draw([1, SPACES.observation]), noise: Object.fromEntries(noise) }
  const times: Record<string, Measurement> = {}
  let reference: Outputs | undefined
  for (const contestants of groups) {
    const calls = new Map<Contestant, number>()
    for (const contestant of contestants) {
      await contestant.setup(problem, size)
      const outputs = new Map([['action', await contestant.setupPolicy(step)]])
      reference ??= outputs
      // after one step of Adam, which differs where a gradient is nothing but rounding
      if (!(difference(reference, outputs) < 0.05)) throw new Error(`another policy step: ${contestant.name}, ${agent}`)
      await contestant.runPolicy(20)
      calls.set(contestant, callsIn(flags.seconds / POLICY_ROUNDS, await contestant.runPolicy(20)))
    }
    const rounds = POLICY_ROUNDS * flags.rounds
    const blocks = await inTurn(rounds, contestants, (contestant) => contestant.runPolicy(calls.get(contestant)!))
    for (const [{ name }, block] of blocks) times[name] = measurement(block)
  }
  return { ...size, policy: true, times }
}

/** GFLOP/s of matrix products alone, by contestant: [8192, hidden]·[hidden, hidden], the best of many. */
async function timeProducts(hidden: number, contestants: readonly Contestant[], flags: Flags) {
  const rows = 8192
  const blocks = await inTurn(flags.rounds, contestants, (contestant) => contestant.products(5, rows, hidden))
  const rate = (contestant: Contestant) => {
    const best = Math.min(...blocks.get(contestant)!.flatMap(({ ms, cpuMs }) => (flags.threads === 1 ? [cpuMs] : ms)))
    return (5 * 2 * rows * hidden ** 2) / best / 1e6
  }
  return Object.fromEntries(contestants.map((contestant) => [contestant.name, Math.round(rate(contestant))]))
}

function wasmEngine(): Contestant {
  setWasmPaths(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep)
  return jitted({ name: 'tfjs wasm', backend: 'wasm' })
}

/** TensorFlow's own kernels, on as many threads; or why they are left out. */
async function nativeEngine(threads: number): Promise<Contestant | { reason: string }> {
  Object.assign(process.env, { TF_NUM_INTRAOP_THREADS: threads, TF_NUM_INTEROP_THREADS: 1, TF_CPP_MIN_LOG_LEVEL: 2 })
  const name: string = '@tensorflow/tfjs-node'
  try {
    await import(name)
    return jitted({ name: 'tfjs-node', backend: 'tensorflow' })
  } catch (error) {
    const missing = /native addon/.test((error as Error).message)
    return { reason: missing ? '`pnpm native:tfjs` makes its binding' : 'not installed' }
  }
}

/** Compares engines at every size; a line of JSON each, printed and in the results. */
export async function main(args: readonly string[]): Promise<void> {
  const flags = parseFlags(args)
  await tf.setBackend('cpu')
  const jax = await openJax(flags.python, flags.threads)
  const tensorflow = await nativeEngine(flags.threads)
  const native = 'reason' in tensorflow ? [] : [tensorflow]
  const peers = 'reason' in jax ? [] : [jax]
  const fast: readonly Contestant[] = [jitted({ name: 'compiled', threads: flags.threads }), ...peers]
  const engines = [wasmEngine(), ...native]
  const facts: Facts = {
    ...circumstances(),
    load: Math.round(10 * loadavg()[0]!) / 10,
    threads: flags.threads,
    rounds: flags.rounds,
    seconds: flags.seconds,
    peers: 'reason' in jax ? `JAX skipped (${jax.reason})` : jax.version,
    skipped: 'reason' in tensorflow ? [`tfjs-node (${tensorflow.reason})`] : [],
  }
  mkdirSync(flags.out, { recursive: true })
  const report = (line: object) => {
    const text = `${JSON.stringify(line, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value))}\n`
    process.stdout.write(text)
    appendFileSync(join(flags.out, 'speed.jsonl'), text)
  }
  report({ run: facts })
  const rows: Row[] = []
  for (const agent of flags.agents)
    for (const hidden of flags.hidden)
      for (const batch of flags.batch)
        for (const candidates of flags.candidates) {
          const size = { agent, batch, candidates, hidden, ...SPACES }
          const eager = batch * candidates > EAGER_CANDIDATES || hidden > 256 ? [] : engines
          rows.push(await timeUpdates(size, [fast, eager], flags))
          report(rows.at(-1)!)
        }
  for (const agent of flags.agents) {
    rows.push(await timePolicy(agent, [fast, native], flags))
    report(rows.at(-1)!)
  }
  const products: Record<string, Readonly<Record<string, number>>> = {}
  for (const hidden of flags.hidden) products[hidden] = await timeProducts(hidden, [...fast, ...native], flags)
  report({ products })
  writeFileSync(join(flags.out, `speed-${flags.threads}.md`), writeReport(facts, rows, products))
  await Promise.all([...fast, ...engines].map((contestant) => contestant.close()))
}
