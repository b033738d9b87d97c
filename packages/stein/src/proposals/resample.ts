import * as tf from '@tensorflow/tfjs-core'

/**
 * Systematic resampling: which of K candidates each of `count` places takes, int32 [B, count]. Candidate k is taken
 * count·w_k times, up to one.
 * @param weights w, [B, K], normalised
 * @param offset one uniform a row, [B, 1]
 */
export function systematicResample(weights: tf.Tensor, offset: tf.Tensor, count: number): tf.Tensor2D {
  const upper = tf.cumsum(weights, 1)
  const position = tf.mul(tf.div(tf.add(tf.range(0, count), offset), count), tf.sum(weights, 1, true))
  const before = tf.cast(tf.lessEqual(tf.expandDims(upper, 1), tf.expandDims(position, 2)), 'float32')
  // rounding may put the last position past the last candidate
  return tf.cast(tf.minimum(tf.sum(before, 2), weights.shape[1]! - 1), 'int32')
}

/** Rows of values [B, K, …] at indices [B, M]: [B, M, …]. */
export function takeRows<T extends tf.Tensor>(values: T, indices: tf.Tensor2D): T {
  const [batch, candidates, ...rest] = values.shape as [number, number, ...number[]]
  const offsets = tf.reshape(tf.mul(tf.range(0, batch, 1, 'int32'), tf.scalar(candidates, 'int32')), [-1, 1])
  const flat = tf.reshape(tf.add(indices, offsets), [-1]) as tf.Tensor1D
  const taken = tf.gather(tf.reshape(values, [batch * candidates, ...rest]), flat)
  return tf.reshape(taken, [batch, indices.shape[1], ...rest]) as tf.Tensor as T
}
