import * as tf from '@tensorflow/tfjs-core'
import type { Box, PosteriorProblem } from '../problem.ts'
import { type Coefficients3D, requireGaussian } from './proposal.ts'
import { logNormalMass, truncatedNormal } from './truncated-normal.ts'

/** Standard deviations that stand for no bound at all. */
const FAR = 8

/** Normal laws of the data x1, independent in each coordinate, truncated to the support where there is one. */
export interface TruncatedLaw {
  /** Broadcast against candidates: [B, 1 or M, d]. */
  readonly mean: tf.Tensor
  /** [B, 1, 1 or d] */
  readonly sigma: tf.Tensor
  readonly support?: Box | undefined
}

/** Bounds in standard deviations from the mean. */
function standardBounds({ mean, sigma, support }: TruncatedLaw): { low: tf.Tensor; high: tf.Tensor } {
  const standard = (bound: number) => tf.div(tf.sub(bound, mean), sigma)
  if (support) return { low: standard(support.low), high: standard(support.high) }
  return { low: tf.fill(mean.shape, -FAR), high: tf.fill(mean.shape, FAR) }
}

/** A draw for each uniform, [B, K, d]. */
export function drawTruncated(law: TruncatedLaw, uniform: tf.Tensor): tf.Tensor3D {
  const { low, high } = standardBounds(law)
  const x1 = tf.add(law.mean, tf.mul(law.sigma, truncatedNormal(uniform, low, high)))
  return (law.support ? tf.clipByValue(x1, law.support.low, law.support.high) : x1) as tf.Tensor3D
}

/** log density at x1, [..., d] broadcast against the law, summed over coordinates. */
export function logTruncatedDensity(law: TruncatedLaw, x1: tf.Tensor): tf.Tensor {
  const { low, high } = standardBounds(law)
  const square = tf.square(tf.div(tf.sub(x1, law.mean), law.sigma))
  const logScale = tf.add(tf.log(law.sigma), law.support ? logNormalMass(low, high) : 0)
  return tf.sum(tf.sub(tf.mul(-0.5, tf.add(square, Math.log(2 * Math.PI))), logScale), -1)
}

/** The law of x1 given x without the target: N((x − β m)/α, (β g/α)²), truncated to the support. */
export function priorLaw(problem: PosteriorProblem, { alpha, beta }: Coefficients3D): TruncatedLaw {
  const { mean, scale } = requireGaussian(problem)
  return {
    mean: tf.div(tf.sub(tf.expandDims(problem.x, 1), tf.mul(beta, mean)), alpha),
    sigma: tf.mul(scale, tf.div(beta, alpha)),
    support: problem.support,
  }
}
