import { convertPrediction, type GaussianSource, type Schedule } from '@revflow/schedules'
import * as tf from '@tensorflow/tfjs'
import type { Energy } from './energies/energy.ts'
import { denoiser } from './networks/denoiser.ts'
import type { Params } from './networks/network.ts'

/** Fields of a trained network at (x, t), x [B, d], t [B]. */
export interface Model {
  init: ReturnType<typeof denoiser>['init']
  /** E[X0|x] */
  noise(params: Params, x: tf.Tensor2D, t: tf.Tensor1D): tf.Tensor2D
  velocity(params: Params, x: tf.Tensor2D, t: tf.Tensor1D): tf.Tensor2D
  score(params: Params, x: tf.Tensor2D, t: tf.Tensor1D): tf.Tensor2D
}

/** A schedule and the noise it mixes in. */
export interface LawOfNoise {
  readonly schedule: Schedule
  readonly source: GaussianSource
}

/** The denoiser of an energy on a method's schedule: x/α = X1 + (β g/α) X0/g is what it knows, g the source's scale. */
export function createModel(energy: Energy, { schedule, source }: LawOfNoise, hidden: number): Model {
  const network = denoiser(energy, hidden)
  const { scale } = source
  const noise: Model['noise'] = (params, x, t) => {
    const { alpha, beta } = schedule.atTensor(t)
    const clean = tf.div(x, tf.expandDims(alpha, 1)) as tf.Tensor2D
    const sigma = tf.mul(scale, tf.div(beta, alpha)) as tf.Tensor1D
    return tf.mul(scale, network.apply(params, clean, sigma)) as tf.Tensor2D
  }
  const field =
    (to: 'velocity' | 'score'): Model['velocity'] =>
    (params, x, t) =>
      convertPrediction({ schedule, source, from: 'noise', to, value: noise(params, x, t), x, t })
  return { init: network.init, noise, velocity: field('velocity'), score: field('score') }
}
