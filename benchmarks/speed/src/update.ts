import { createRequire } from 'node:module'
import { dirname, sep } from 'node:path'
import { circumstances } from '@revflow/benchmark-shared'
import { flattenTree, type Tree } from '@revflow/core'
import { HostTensor, jit } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { type UpdateProblem, updateProblem } from './problem.ts'

const SIZE = { batch: 256, candidates: 32, hidden: 256, observation: 24, action: 6 }
/** Updates over which memory is watched. */
const LONG_RUN = 10_000

type Step = (state: Tree<HostTensor>, batch: unknown, noise: unknown) => Promise<{ state: Tree<HostTensor> }>

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!
const megabytes = (bytes: number) => Math.round(bytes / 2 ** 20)

/** Milliseconds of each of `n` updates, and the state after them. */
async function run(step: Step, problem: UpdateProblem, n: number) {
  let state = problem.state()
  const times: number[] = []
  for (let i = 0; i < n; i++) {
    const start = performance.now()
    state = (await step(state, problem.batch, problem.noise)).state
    times.push(performance.now() - start)
  }
  return { state, times }
}

/**
 * Greatest difference of two states, relative to the larger of 1 and the value. Parameters are left out: Adam's first
 * step is the sign of the gradient times the learning rate, which turns rounding of a zero gradient into a whole step.
 * Its moments are the gradients themselves, and are compared.
 */
function difference(a: Tree<HostTensor>, b: Tree<HostTensor>): number {
  const other = new Map(flattenTree(b))
  const differences = flattenTree(a).flatMap(([path, { data }]) => {
    if (!/^(actorAdam|criticAdam)\/|^spread$/.test(path)) return []
    const reference = other.get(path)!.data
    return Array.from(data, (value, i) => Math.abs(value - reference[i]!) / Math.max(1, Math.abs(value)))
  })
  return differences.reduce((most, value) => Math.max(most, value), 0)
}

const PRODUCT_FLOPS = 5 * 2 * SIZE.batch * SIZE.candidates * SIZE.hidden ** 2
const products = jit((x: tf.Tensor2D, w: tf.Tensor2D) => {
  let y = x
  for (let i = 0; i < 5; i++) y = tf.matMul(y, w)
  return tf.max(y, 1)
})

/** Milliseconds of each of `n` rounds of five products [B·K, hidden]·[hidden, hidden]: the machine's speed just now. */
async function timeProducts(n: number): Promise<number[]> {
  const rows = HostTensor.from(new Float32Array(SIZE.batch * SIZE.candidates * SIZE.hidden).fill(1), [
    SIZE.batch * SIZE.candidates,
    SIZE.hidden,
  ])
  const weights = HostTensor.from(new Float32Array(SIZE.hidden ** 2).fill(1 / SIZE.hidden), [SIZE.hidden, SIZE.hidden])
  const times: number[] = []
  for (let i = 0; i < n; i++) {
    const start = performance.now()
    await products(rows, weights)
    times.push(performance.now() - start)
  }
  return times
}

const report = (row: Record<string, unknown>) => process.stdout.write(`${JSON.stringify(row)}\n`)

async function compare(problem: UpdateProblem, backend: 'wasm' | 'cpu', compiled: Tree<HostTensor>) {
  await tf.setBackend(backend)
  const eager = jit(problem.algorithm.update, { engine: 'eager' }) as unknown as Step
  const { state, times } = await run(eager, problem, 1)
  report({
    engine: `eager ${backend}`,
    updateMs: Math.round(times[0]!),
    differenceFromCompiled: difference(compiled, state),
  })
}

/** Prints one JSON line an engine, then memory over a long run of the compiled update. `--updates n` shortens it. */
export async function main(args: readonly string[]): Promise<void> {
  const updates = args[0] === '--updates' ? Number(args[1]) : LONG_RUN
  await tf.setBackend('cpu')
  const problem = updateProblem(SIZE)
  report({ ...circumstances(), ...SIZE })

  const compiled = jit(problem.algorithm.update, { donate: [0] }) as unknown as Step & ReturnType<typeof jit>
  const once = await run(compiled, problem, 1)
  const first = once.state
  // timed before other sessions and backends start threads of their own: idle ones spin, and slow the others down
  const { times } = await run(compiled, problem, 100)
  const stats = compiled.stats().specialisations[0]!
  report({
    engine: 'compiled',
    updateMs: median(times),
    fastestMs: Math.min(...times),
    gigaflopsPerSecond: stats.flops / median(times) / 1e6,
    ...stats,
  })
  report({ engine: 'matrix products alone', gigaflopsPerSecond: PRODUCT_FLOPS / median(await timeProducts(50)) / 1e6 })
  setWasmPaths(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep)
  await compare(problem, 'wasm', first)
  await compare(problem, 'cpu', first)
  let state = problem.state()
  for (let i = 0; i <= updates; i++) {
    if (i % Math.ceil(updates / 5) === 0) {
      const { rss, arrayBuffers } = process.memoryUsage()
      report({
        updates: i,
        rssMB: megabytes(rss),
        arrayBuffersMB: megabytes(arrayBuffers),
        tensors: tf.memory().numTensors,
      })
    }
    state = (await compiled(state, problem.batch as never, problem.noise as never)).state as Tree<HostTensor>
  }
}
