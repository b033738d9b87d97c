import * as tf from '@tensorflow/tfjs-core'

/**
 * Features of time: cos(πkt) and sin(πkt) for k = 1 … size/2 (arXiv 2006.10739).
 * t [B] in [0, 1] to [B, size]. Half periods keep t = 0 and t = 1 apart.
 * @throws RangeError unless `size` is even and at least 2
 */
export function fourierFeatures({ size }: { readonly size: number }): (t: tf.Tensor1D) => tf.Tensor2D {
  if (!Number.isInteger(size) || size < 2 || size % 2 !== 0)
    throw new RangeError(`fourierFeatures.size: expected an even number of at least 2, received ${size}`)
  const frequencies = Array.from({ length: size / 2 }, (_, k) => Math.PI * (k + 1))
  return (t) => {
    const angles = tf.matMul(tf.expandDims(t, 1) as tf.Tensor2D, tf.tensor2d(frequencies, [1, size / 2]))
    return tf.concat([tf.cos(angles), tf.sin(angles)], 1) as tf.Tensor2D
  }
}
