import { circumstances } from '@revflow/benchmark-shared'
import type { Tree } from '@revflow/core'
import { HostTensor, jit } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import { updateProblem } from './problem.ts'

const megabytes = (bytes: number) => Math.round((bytes / 2 ** 20) * 10) / 10
const report = (row: object) => process.stdout.write(`${JSON.stringify(row)}\n`)

/** Prints memory before the first, and after each tenth, of `calls` calls. */
async function watch(graph: string, calls: number, call: () => Promise<unknown>): Promise<void> {
  const start = performance.now()
  for (let i = 0; i <= calls; i++) {
    if (i % Math.ceil(calls / 10) === 0) {
      // what is garbage already is not counted
      globalThis.gc?.()
      const { rss, arrayBuffers, heapUsed } = process.memoryUsage()
      report({
        graph,
        calls: i,
        rssMB: megabytes(rss),
        arrayBuffersMB: megabytes(arrayBuffers),
        heapMB: megabytes(heapUsed),
        tensors: tf.memory().numTensors,
        microsecondsPerCall: i === 0 ? undefined : Math.round(((performance.now() - start) / i) * 1000),
      })
    }
    await call()
  }
}

/** A two-layer network on one row: a dozen nodes. */
async function smallGraph(calls: number): Promise<void> {
  const network = jit((w: { first: tf.Tensor2D; second: tf.Tensor2D }, x: tf.Tensor2D) =>
    tf.tanh(tf.matMul(tf.relu(tf.matMul(x, w.first)), w.second)),
  )
  const ramp = (...shape: number[]) =>
    HostTensor.from(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i)),
      shape,
    )
  const weights = { first: ramp(8, 16), second: ramp(16, 4) }
  await watch('small', calls, () => network(weights, ramp(1, 8)))
  await network.dispose()
}

const SIZE = { batch: 64, candidates: 16, hidden: 256, observation: 24, action: 6 }

/** An RFM update, its state donated: all of the state is new after each call. */
async function largeGraph(calls: number): Promise<void> {
  const { algorithm, batch, noise, state } = updateProblem(SIZE)
  const update = jit(algorithm.update, { donate: [0], threads: 1 })
  let current: Tree<HostTensor> = state()
  await watch('RFM update', calls, async () => {
    current = (await update(current as never, batch as never, noise as never)).state as unknown as Tree<HostTensor>
  })
  report({ graph: 'RFM update', ...SIZE, nodes: update.stats().specialisations[0]!.nodes })
  await update.dispose()
}

/** Prints memory over calls of a small graph and updates of a large one. Run it with `node --expose-gc`. */
export async function main([calls = '1000000', updates = '20000']: readonly string[]): Promise<void> {
  await tf.setBackend('cpu')
  report({ ...circumstances() })
  await smallGraph(Number(calls))
  await largeGraph(Number(updates))
}
