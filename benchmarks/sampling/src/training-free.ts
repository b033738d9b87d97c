import { hostNoise } from '@revflow/benchmark-shared'
import { createRng } from '@revflow/core'
import { trainingFree, trainingFreeNoise } from '@revflow/flows'
import { jit } from '@revflow/jit'
import { convertPrediction } from '@revflow/schedules'
import type * as tf from '@tensorflow/tfjs'
import type { Energy } from './energies/energy.ts'
import type { Method } from './methods.ts'
import { clippedMean, target } from './regression.ts'
import { reverseSde } from './reverse-sde.ts'

export interface FreeOptions {
  readonly seed: number
  readonly samples: number
  /** Steps of the reverse SDE, an estimate each. */
  readonly steps: number
  /** Evaluations of the energy with gradient an estimate may take. */
  readonly evaluations: number
}

type Field = (x: tf.Tensor2D, t: tf.Tensor1D) => tf.Tensor2D

/** Samples without a network (Remark 5): a posterior mean estimated anew at every step of the reverse SDE, [n, d]. */
export async function sampleFree(energy: Energy, method: Method, options: FreeOptions): Promise<Float32Array> {
  const { seed, samples, steps, evaluations } = options
  const { dim } = energy
  const rng = createRng(seed, 'training-free')
  const { estimator, source, pace: schedule } = method
  const size = { batch: samples, candidates: candidatesFor(method, evaluations), dim }
  const specs = {
    ...trainingFreeNoise(estimator, size, steps),
    start: { shape: [samples, dim], law: 'normal' as const },
    kicks: { shape: [steps, samples, dim], law: 'normal' as const },
  }
  const sample = jit(
    ({ start, kicks, ...noise }: Readonly<Record<string, tf.Tensor>>) => {
      const estimate = trainingFree({ target: { ...target(energy, method), schedule }, estimator, noise })
      const field =
        (to: 'velocity' | 'score'): Field =>
        (x, t) => {
          const mean = clippedMean(energy, method, estimate.noise(x, t), schedule.atTensor(t).beta)
          return convertPrediction({ schedule, source, from: 'noise', to, value: mean, x, t })
        }
      const fields = { velocity: field('velocity'), score: field('score') }
      return reverseSde(method, start as tf.Tensor2D, kicks as tf.Tensor3D, fields)
    },
    { threads: 1 },
  )
  const x = await sample(hostNoise(rng, specs))
  await sample.dispose()
  return x.data as Float32Array
}

/** The most candidates whose estimate costs no more than so many values with gradients; a value alone is half of one. */
export function candidatesFor({ estimator }: Method, evaluations: number): number {
  let candidates = 2 * evaluations
  while (candidates > 2 && estimator.cost(candidates) > 2 * evaluations) candidates -= 1
  return candidates
}
