import { HostTensor, jit } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'

/** Calls of the small graph. */
const CALLS = 1_000_000

/** A two-layer network on one row: a dozen nodes. */
const network = jit((w: { first: tf.Tensor2D; second: tf.Tensor2D }, x: tf.Tensor2D) =>
  tf.tanh(tf.matMul(tf.relu(tf.matMul(x, w.first)), w.second)),
)

const ramp = (shape: number[]) =>
  HostTensor.from(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i)),
    shape,
  )
const megabytes = (bytes: number) => Math.round((bytes / 2 ** 20) * 10) / 10

/**
 * Prints memory, one JSON line each tenth of the calls; `--calls n` shortens it. Run it with `node --expose-gc`: what is
 * garbage already is collected before each line.
 */
export async function main(args: readonly string[]): Promise<void> {
  const calls = args[0] === '--calls' ? Number(args[1]) : CALLS
  const weights = { first: ramp([8, 16]), second: ramp([16, 4]) }
  const start = performance.now()
  const report = (done: number) => {
    globalThis.gc?.()
    const { rss, arrayBuffers, heapUsed } = process.memoryUsage()
    const row = {
      calls: done,
      rssMB: megabytes(rss),
      arrayBuffersMB: megabytes(arrayBuffers),
      heapMB: megabytes(heapUsed),
      tensors: tf.memory().numTensors,
      microsecondsPerCall: done === 0 ? undefined : Math.round(((performance.now() - start) / done) * 1000),
    }
    process.stdout.write(`${JSON.stringify(row)}\n`)
  }
  for (let i = 0; i < calls; i++) {
    if (i % Math.ceil(calls / 10) === 0) report(i)
    await network(weights, ramp([1, 8]))
  }
  report(calls)
  await network.dispose()
}
