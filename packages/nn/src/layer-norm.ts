import * as tf from '@tensorflow/tfjs-core'

/** LayerNorm over the last axis (arXiv 1607.06450): (x − mean)/√(var + 10⁻⁵) · scale + offset; x [..., n], scale and offset [n]. */
export function layerNorm(x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor): tf.Tensor {
  const centred = tf.sub(x, tf.mean(x, -1, true))
  const variance = tf.mean(tf.square(centred), -1, true)
  return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, 1e-5))), scale), offset)
}
