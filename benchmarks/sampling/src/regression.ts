import { interpolate, reverseFlowMatchingLoss } from '@revflow/flows'
import { type AdamState, adam, cosineDecay, polyak, valueAndGrads } from '@revflow/nn'
import { convertPrediction } from '@revflow/schedules'
import { estimatePosteriorMean, type PosteriorProblem } from '@revflow/stein'
import * as tf from '@tensorflow/tfjs'
import { type Energy, logTarget } from './energies/energy.ts'
import type { Method } from './methods.ts'
import type { Model } from './model.ts'
import type { Params } from './networks/network.ts'

/** The energy as a problem for estimators. */
export const target = (energy: Energy, method: Method): Omit<PosteriorProblem, 'x' | 't'> => ({
  schedule: method.schedule,
  source: method.source,
  logTarget: (x1) => logTarget(energy, x1),
  logTargetAndGrad: (x1) => ({ ...energy.logTargetAndGrad(x1) }),
  ...(method.bounded && energy.support && { support: energy.support }),
})

/**
 * E[X0|x] whose score has at most the norm that the method clips to: in all, or of each particle's part. A score of norm
 * c is E[X0|x] of norm c β g².
 */
export function clippedMean(energy: Energy, method: Method, noise: tf.Tensor2D, beta: tf.Tensor1D): tf.Tensor2D {
  const { scoreClip, source } = method
  if (scoreClip === undefined) return noise
  const shortened = (parts: tf.Tensor) => {
    const norm = tf.norm(parts, 2, -1, true)
    const most = tf.reshape(tf.mul(scoreClip * source.scale ** 2, beta), [-1, ...Array(parts.rank - 1).fill(1)])
    return tf.mul(parts, tf.minimum(1, tf.div(most, tf.maximum(norm, 1e-12))))
  }
  if (!energy.particles) return shortened(noise) as tf.Tensor2D
  const { basis, count, dimension } = energy.particles
  const forces = shortened(tf.reshape(tf.matMul(noise, basis), [-1, count, dimension]))
  return tf.matMul(tf.reshape(forces, [-1, count * dimension]) as tf.Tensor2D, basis, false, true) as tf.Tensor2D
}

export type TrainState = { params: Params; average: Params; adam: AdamState }
export type TrainNoise = Readonly<Record<string, tf.Tensor>>

/** How slowly averages follow the parameters. */
const AVERAGE_RATE = 0.005

/** One update: x_t from noised samples of the buffer, the posterior mean there estimated from the energy, regression. */
export function createUpdate(
  energy: Energy,
  method: Method,
  model: Model,
  { learningRate, updates }: { readonly learningRate: number; readonly updates: number },
) {
  const { schedule, source, estimator, loss } = method
  const optimizer = adam({
    learningRate: cosineDecay({ start: learningRate, end: 0.05 * learningRate, steps: updates }),
    clipNorm: 1,
  })
  const regressed = (noise: tf.Tensor2D, x: tf.Tensor2D, t: tf.Tensor1D) =>
    loss === 'noise' ? noise : convertPrediction({ schedule, source, from: 'noise', to: loss, value: noise, x, t })
  return {
    optimizer,
    update(state: TrainState, x1: tf.Tensor2D, { time, x0, ...noise }: TrainNoise) {
      const t = tf.add(schedule.tMin, tf.mul(schedule.tMax - schedule.tMin, time!)) as tf.Tensor1D
      const { x } = interpolate(schedule, tf.mul(source.scale, x0!) as tf.Tensor2D, x1, t)
      const posterior = estimatePosteriorMean({ ...target(energy, method), x, t }, { estimator, noise })
      const mean = clippedMean(energy, method, posterior.noise, schedule.atTensor(t).beta)
      const { value, grads } = valueAndGrads(
        (params) => reverseFlowMatchingLoss(regressed(model.noise(params, x, t), x, t), regressed(mean, x, t)),
        state.params,
      )
      const { params, state: adamState } = optimizer.update({ grads, state: state.adam, params: state.params })
      return {
        state: { params, adam: adamState, average: polyak(state.average, params, AVERAGE_RATE) },
        loss: value,
        ess: tf.mean(posterior.diagnostics.ess),
      }
    },
  }
}
