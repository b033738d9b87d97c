import { agents, createAgent } from '@revflow/agents'
import { createRng, drawNoise, flattenTree, mapTree, type NoiseSpec, type Tree } from '@revflow/core'
import { HostTensor, jit } from '@revflow/jit/web'
import * as tf from '@tensorflow/tfjs'

const OPTIONS = { hidden: [32, 32], batchSize: 12, actorBatchSize: 8, candidates: 8, odeSteps: 4, timeFeatures: 8 }

/** Three RFM updates, the state donated: the moments of the gradients after them. */
export async function threeUpdates(engine: 'onnx' | 'webgpu' | 'eager'): Promise<number[]> {
  await tf.setBackend('cpu')
  const algorithm = createAgent(agents, 'rfm', OPTIONS, { observationSize: 5, actionSize: 3 })
  const rng = createRng(1)
  const draw = ({ law, shape }: NoiseSpec) => HostTensor.from(drawNoise(rng, { law, shape }), shape)
  const [rows, columns] = [algorithm.batchSize, { observation: 5, nextObservation: 5, action: 3 }]
  const batch: Record<string, HostTensor> = {
    ...Object.fromEntries(
      Object.entries(columns).map(([name, n]) => [name, draw({ law: 'uniform', shape: [rows, n] })]),
    ),
    reward: draw({ law: 'normal', shape: [rows] }),
    terminated: HostTensor.from(new Float32Array(rows)),
  }
  const noise = Object.fromEntries(Object.entries(algorithm.noise.update).map(([name, spec]) => [name, draw(spec)]))
  let state: Tree<HostTensor> = mapTree<tf.Tensor, HostTensor>(
    (tensor) => HostTensor.from(tensor.dataSync<'float32'>().slice(), tensor.shape),
    algorithm.init(rng),
  )
  const update = jit(algorithm.update, { engine, donate: [0] })
  for (let i = 0; i < 3; i++) ({ state } = await update(state as never, batch as never, noise as never))
  await update.dispose()
  // parameters are left out: Adam's first step is the gradient's sign, which makes a whole step of its rounding
  return flattenTree(state).flatMap(([path, { data }]) => (/Adam/.test(path) ? [...data] : []))
}

// For the test to call.
Object.assign(globalThis, { revflow: { threeUpdates } })
