import * as tf from '@tensorflow/tfjs-core'

export interface CoefficientInput {
  /** Normalised weights w̄, [B, K, 1] */
  readonly weights: tf.Tensor
  /** f = x0, [B, K, d] */
  readonly f: tf.Tensor
  /** Control variate at η = 1, [B, K, d] */
  readonly g: tf.Tensor
  /** Plain estimate Σ w̄ f, [B, 1, d] */
  readonly mean: tf.Tensor
  /** Variance of the source, g² */
  readonly sourceVariance: number
}

/** A choice of η, [B, 1, d] or broadcastable to it, for the control variate η g. */
export type Coefficient = (input: CoefficientInput) => tf.Tensor

/** Keeps η = 0 where the control variate does not vary (K = 1, one weight only). */
const TINY = 1e-12
const ratio = (numerator: tf.Tensor, denominator: tf.Tensor) => tf.neg(tf.div(numerator, tf.add(denominator, TINY)))

/** η = g², the gradient form (24): iDEM and DQS. */
const gradient: Coefficient = ({ sourceVariance }) => tf.scalar(sourceVariance)

/** η_j minimises the asymptotic variance (19) of each coordinate (20). */
const optimal: Coefficient = ({ weights, f, g, mean }) => {
  const weighted = tf.mul(tf.square(weights), g)
  return ratio(tf.sum(tf.mul(weighted, tf.sub(f, mean)), 1, true), tf.sum(tf.mul(weighted, g), 1, true))
}

/** One η for all coordinates minimises their summed variance (21). */
const isotropic: Coefficient = ({ weights, f, g, mean }) => {
  const weighted = tf.mul(tf.square(weights), g)
  return ratio(tf.sum(tf.mul(weighted, tf.sub(f, mean)), [1, 2], true), tf.sum(tf.mul(weighted, g), [1, 2], true))
}

/**
 * Regression of f on g with weights w̄^power renormalised: η_j = −Cov(f_j, g_j)/Var(g_j). Tempered weights (power ½)
 * stay robust when few weights dominate.
 */
const regression =
  (power: number): Coefficient =>
  ({ weights, f, g }) => {
    const raw = power === 1 ? weights : tf.pow(weights, power)
    const v = tf.div(raw, tf.sum(raw, 1, true))
    const centred = tf.sub(g, tf.sum(tf.mul(v, g), 1, true))
    const weighted = tf.mul(v, centred)
    return ratio(tf.sum(tf.mul(weighted, f), 1, true), tf.sum(tf.mul(weighted, centred), 1, true))
  }

/** Coefficients by name. */
export const coefficients = {
  gradient,
  optimal,
  isotropic,
  regression: regression(1),
  temperedRegression: regression(0.5),
}
