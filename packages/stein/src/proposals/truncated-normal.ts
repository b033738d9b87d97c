import * as tf from '@tensorflow/tfjs-core'

const LOG_HALF = Math.log(0.5)
const LOG_SQRT_2PI = 0.5 * Math.log(2 * Math.PI)
/** Fit of log(erfc(z)·e^{z²}/u), u = 1/(1 + z/2), as a polynomial in u: 1.2e-7 relative for z ≥ 0 (Numerical Recipes, 3rd ed., section 6.2.2). */
const ERFC_FIT = [
  -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
  0.17087277,
]
/** Fit of the normal quantile, 4.5e-4 absolute (Abramowitz & Stegun 26.2.23). */
const QUANTILE_NUMERATOR = [2.515517, 0.802853, 0.010328]
const QUANTILE_DENOMINATOR = [1, 1.432788, 0.189269, 0.001308]

const polynomial = (coefficients: readonly number[], x: tf.Tensor): tf.Tensor =>
  coefficients
    .slice(0, -1)
    .reduceRight<tf.Tensor>((sum, c) => tf.add(c, tf.mul(x, sum)), tf.fill(x.shape, coefficients.at(-1)!))

/** log Φ(x) for x ≤ 0, any shape; float32 relative precision however far the tail. */
function logCdfOfNegative(x: tf.Tensor): tf.Tensor {
  const z = tf.mul(x, -Math.SQRT1_2)
  const u = tf.reciprocal(tf.add(1, tf.mul(0.5, z)))
  return tf.add(LOG_HALF, tf.sub(tf.add(tf.log(u), polynomial(ERFC_FIT, u)), tf.square(z)))
}

/** log Φ(x) for any x. */
export function logNormalCdf(x: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const tail = logCdfOfNegative(tf.neg(tf.abs(x)))
    return tf.where(tf.greater(x, 0), tf.log1p(tf.neg(tf.exp(tail))), tail)
  })
}

/** log(Φ(high) − Φ(low)), low ≤ high, in the far tails too. */
export function logNormalMass(low: tf.Tensor, high: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const mirrored = tf.greater(tf.add(low, high), 0)
    const [logA, logB] = [
      logNormalCdf(tf.where(mirrored, tf.neg(high), low)),
      logNormalCdf(tf.where(mirrored, tf.neg(low), high)),
    ]
    return tf.add(logB, tf.log(tf.neg(tf.expm1(tf.sub(logA, logB)))))
  })
}

/**
 * The x with log Φ(x) = logP, for logP ≤ log ½: a rational start, then one Newton step on log Φ, which squares its error
 * to 7e-8 of max(1, |x|), no more than float32 rounds by.
 */
function negativeQuantile(logP: tf.Tensor): tf.Tensor {
  const r = tf.sqrt(tf.mul(-2, logP))
  const start = tf.sub(tf.div(polynomial(QUANTILE_NUMERATOR, r), polynomial(QUANTILE_DENOMINATOR, r)), r)
  const x = tf.minimum(start, 0)
  const logCdf = logCdfOfNegative(x)
  const hazard = tf.exp(tf.sub(tf.mul(-0.5, tf.square(x)), tf.add(LOG_SQRT_2PI, logCdf)))
  return tf.sub(x, tf.div(tf.sub(logCdf, logP), hazard))
}

/**
 * Standard normals truncated to [low, high], by inversion of uniforms: finite and right in the farthest tails, where
 * a float32 Φ⁻¹ gives infinities.
 * @param uniform u in [0, 1], [B, K, d]
 * @param low,high bounds, broadcast against u, low ≤ high
 * @returns [B, K, d]
 */
export function truncatedNormal(uniform: tf.Tensor, low: tf.Tensor, high: tf.Tensor): tf.Tensor3D {
  return tf.tidy(() => {
    // work on the side where log Φ keeps its digits: mirror intervals that lie mostly above zero
    const mirrored = tf.greater(tf.add(low, high), 0)
    const [a, b] = [tf.where(mirrored, tf.neg(high), low), tf.where(mirrored, tf.neg(low), high)]
    const [logA, logB] = [logNormalCdf(a), logNormalCdf(b)]
    const share = tf.add(uniform, tf.mul(tf.sub(1, uniform), tf.exp(tf.sub(logA, logB))))
    const logP = tf.clipByValue(tf.add(logB, tf.log(share)), -1e6, -1e-7)
    const upper = tf.greater(logP, LOG_HALF)
    const logTail = tf.where(upper, tf.log(tf.neg(tf.expm1(logP))), logP)
    const tail = negativeQuantile(logTail)
    const z = tf.where(upper, tf.neg(tail), tail)
    const inside = tf.minimum(tf.maximum(z, a), b)
    return tf.where(mirrored, tf.neg(inside), inside) as tf.Tensor3D
  })
}
