import { RevflowError } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'
import type { Schedule } from './schedule.ts'
import { gaussian, isGaussian, type Source } from './source.ts'

/** What a network may predict at (x, t): u_t(x), E[X1|x], E[X0|x] or ∇ log p_t(x). */
export type Prediction = 'velocity' | 'data' | 'noise' | 'score'

export interface ConversionInput {
  readonly schedule: Schedule
  /** Needed for scores; a standard Gaussian unless given. */
  readonly source?: Source
  readonly from: Prediction
  readonly to: Prediction
  /** The prediction, [B, d] */
  readonly value: tf.Tensor2D
  /** x_t, [B, d] */
  readonly x: tf.Tensor2D
  /** t, [B], inside the open interval where α > 0 and β > 0 */
  readonly t: tf.Tensor1D
}

/**
 * Converts between predictions (Remark 1 and the one-sided velocities of (9), (10)): every pair goes through E[X0|x].
 * @throws RevflowError (`unsupported-conversion`) for a score with a source that is not Gaussian
 */
export function convertPrediction({ schedule, source, from, to, value, x, t }: ConversionInput): tf.Tensor2D {
  const law = source ?? gaussian({ dim: x.shape[1] })
  if ((from === 'score' || to === 'score') && !isGaussian(law))
    throw new RevflowError({
      code: 'unsupported-conversion',
      path: 'convertPrediction',
      expected: 'a Gaussian source for scores',
      received: law.name,
      hint: 'regress the score directly (reverse score matching)',
    })
  const { mean, scale } = isGaussian(law) ? law : { mean: 0, scale: 1 }
  return tf.tidy(() => {
    if (from === to) return value.clone()
    const at = schedule.atTensor(t)
    const [alpha, beta, alphaDot, betaDot] = [at.alpha, at.beta, at.alphaDot, at.betaDot].map((c) =>
      tf.expandDims(c, 1),
    )
    /** α β' − β α', zero only where velocity says nothing about the noise. */
    const wronskian = () => tf.sub(tf.mul(alpha!, betaDot!), tf.mul(beta!, alphaDot!))
    const noise = {
      noise: () => value,
      data: () => tf.div(tf.sub(x, tf.mul(alpha!, value)), beta!),
      velocity: () => tf.div(tf.sub(tf.mul(alpha!, value), tf.mul(alphaDot!, x)), wronskian()),
      score: () => tf.sub(mean, tf.mul(scale * scale, tf.mul(beta!, value))),
    }[from]()
    const result = {
      noise: () => noise,
      data: () => tf.div(tf.sub(x, tf.mul(beta!, noise)), alpha!),
      velocity: () => tf.div(tf.add(tf.mul(alphaDot!, x), tf.mul(wronskian(), noise)), alpha!),
      score: () => tf.div(tf.sub(mean, noise), tf.mul(scale * scale, beta!)),
    }[to]()
    return result as tf.Tensor2D
  })
}
