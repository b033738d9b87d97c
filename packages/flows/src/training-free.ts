import type { NoiseSpecs } from '@revflow/core'
import { convertPrediction, type Prediction } from '@revflow/schedules'
import {
  type EstimateSize,
  type Estimator,
  estimatePosteriorMean,
  estimatorNoise,
  type NoiseTensors,
  type PosteriorProblem,
} from '@revflow/stein'
import * as tf from '@tensorflow/tfjs-core'

/** What a sampler without a network knows of its target: an energy −log p1, and its gradient for most estimators. */
export type EnergyTarget = Omit<PosteriorProblem, 'x' | 't'>

/** Options of {@link trainingFree}. */
export interface TrainingFreeOptions {
  readonly target: EnergyTarget
  /** Of @revflow/stein, by name or as an object. */
  readonly estimator: string | Estimator
  /** Noise for each evaluation in turn, as {@link trainingFreeNoise} asks: a leading axis of evaluations. */
  readonly noise: NoiseTensors
}

/** The noise of an estimator for a number of evaluations: Euler takes one a step, Heun and midpoint two, RK4 four. */
export function trainingFreeNoise(estimator: string | Estimator, size: EstimateSize, evaluations: number): NoiseSpecs {
  const specs = Object.entries(estimatorNoise(estimator, size))
  return Object.fromEntries(specs.map(([name, { shape, law }]) => [name, { shape: [evaluations, ...shape], law }]))
}

/**
 * Training-free sampling (Remark 5): velocity, score, data or noise at (x, t) from posterior means estimated anew at each
 * call from the energy alone. Hand the fields to `sampleOde`, `sampleSde` or `sampleAncestral`, starting at a time with
 * α > 0, since E[X0|x] says nothing of x1 where α = 0.
 * @returns fields of x [B, d] and t [B]; `velocity` and `score` called one after the other at one (x, t), as `sampleSde`
 *   does, share an estimate
 */
export function trainingFree({
  target,
  estimator,
  noise,
}: TrainingFreeOptions): Record<Prediction, (x: tf.Tensor2D, t: tf.Tensor1D) => tf.Tensor2D> {
  let calls = 0
  let last: { x: tf.Tensor2D; t: tf.Tensor1D; mean: tf.Tensor2D } | undefined
  const meanNoise = (x: tf.Tensor2D, t: tf.Tensor1D) => {
    if (last && last.x === x && last.t === t) return last.mean
    const own = Object.entries(noise).map(
      ([name, value]) => [name, tf.squeeze(tf.slice(value, [calls], [1]), [0])] as const,
    )
    calls += 1
    const { noise: mean } = estimatePosteriorMean({ ...target, x, t }, { estimator, noise: Object.fromEntries(own) })
    last = { x, t, mean }
    return mean
  }
  const { schedule, source } = target
  const field = (to: Prediction) => (x: tf.Tensor2D, t: tf.Tensor1D) =>
    convertPrediction({ schedule, source, from: 'noise', to, value: meanNoise(x, t), x, t })
  return { velocity: field('velocity'), score: field('score'), data: field('data'), noise: field('noise') }
}
