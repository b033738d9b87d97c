import * as tf from '@tensorflow/tfjs-core'

/**
 * Noise target of scaled Q-score matching: −β ∇_a Q(s, x_t)/λ at the noisy action itself, without a posterior. Right
 * only as β → 0, which is what the posterior means mend.
 * @param gradient ∇_a Q at x_t, [B, d]
 * @param beta β_t, [B]
 * @param temperature λ > 0
 */
export const scaledQScoreNoise = (gradient: tf.Tensor2D, beta: tf.Tensor1D, temperature: number): tf.Tensor2D =>
  tf.tidy(() => tf.mul(tf.div(gradient, -temperature), tf.expandDims(beta, 1)))
