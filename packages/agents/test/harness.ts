import { agents, createAgent } from '@revflow/agents'
import { createRng, drawNoise, flattenTree, mapTree, type NoiseSpec, type Tree } from '@revflow/core'
import { HostTensor, jit } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import { expect } from 'vitest'

export const SPACES = { observationSize: 5, actionSize: 3 }
/** Options that keep a test quick; an agent takes those it knows. */
const SMALL = {
  hidden: [32, 32],
  batchSize: 12,
  actorBatchSize: 8,
  candidates: 8,
  odeSteps: 4,
  timeFeatures: 8,
  bestOf: 4,
}
export type Host = Readonly<Record<string, HostTensor>>
export type Update = (
  state: Tree<HostTensor>,
  batch: Host,
  noise: Host,
) => Promise<{ state: Tree<HostTensor>; metrics: Host }>

const draw = (seed: number, { law, shape }: NoiseSpec) =>
  HostTensor.from(drawNoise(createRng(seed), { law, shape }), shape)
export const noise = (specs: Readonly<Record<string, NoiseSpec>>): Host =>
  Object.fromEntries(Object.entries(specs).map(([name, spec], i) => [name, draw(100 + i, spec)]))
export const normal = (seed: number, ...shape: number[]) => draw(seed, { law: 'normal', shape })

/** An agent on a batch of random numbers. */
export function setUp(name: keyof typeof agents, options: object) {
  const known = Object.entries(SMALL).filter(([key]) => key in agents[name].config.shape)
  const algorithm = createAgent(agents, name, { ...Object.fromEntries(known), ...options }, SPACES)
  const n = algorithm.batchSize
  const before = tf.memory().numTensors
  const tensors: tf.Tensor[] = []
  const state = mapTree<tf.Tensor, HostTensor>(
    (tensor) => {
      tensors.push(tensor)
      return new HostTensor(tensor.dtype as 'float32', tensor.shape, tensor.dataSync<'float32'>().slice())
    },
    algorithm.init(createRng(1)),
  )
  tf.dispose(tensors)
  expect(tf.memory().numTensors).toBe(before)
  const batch: Host = {
    observation: normal(1, n, 5),
    action: HostTensor.from(normal(2, n, 3).data.map(Math.tanh) as Float32Array, [n, 3]),
    reward: normal(3, n),
    nextObservation: normal(4, n, 5),
    terminated: HostTensor.from(Float32Array.from({ length: n }, (_, i) => (i % 4 === 0 ? 1 : 0))),
  }
  return { algorithm, state, batch, noise: noise(algorithm.noise.update) }
}

/** Greatest difference over a tree, relative to the larger of 1 and the value. */
export function difference(a: Tree<HostTensor>, b: Tree<HostTensor>): number {
  const other = new Map(flattenTree(b))
  return Math.max(
    ...flattenTree(a).flatMap(([path, { data }]) =>
      Array.from(data, (v, i) => Math.abs(v - other.get(path)!.data[i]!) / Math.max(1, Math.abs(v))),
    ),
  )
}

export async function threeUpdates(
  { algorithm, state, batch, noise }: ReturnType<typeof setUp>,
  engine: 'onnx' | 'eager',
) {
  const update = jit(algorithm.update, { engine, threads: 1 }) as unknown as Update & { dispose(): Promise<void> }
  const before = tf.memory().numTensors
  let result = await update(state, batch, noise)
  for (let i = 0; i < 2; i++) result = await update(result.state, batch, noise)
  expect(tf.memory().numTensors).toBe(before)
  await update.dispose()
  return { ...result.metrics, state: result.state } as Tree<HostTensor>
}
