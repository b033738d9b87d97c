import * as tf from '@tensorflow/tfjs-core'

/** LayerNorm over the last axis (arXiv 1607.06450): (x − mean)/√(var + 10⁻⁵) · scale + offset; x [..., n], scale and offset [n]. */
export function layerNorm(x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor): tf.Tensor {
  return normaliseCentred(centre(x), scale, offset)
}

/** x less its mean over the last axis. */
export const centre = (x: tf.Tensor): tf.Tensor => tf.sub(x, tf.mean(x, -1, true))

/** LayerNorm of an x whose mean over the last axis is zero. */
export function normaliseCentred(x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor): tf.Tensor {
  return tf.add(tf.mul(tf.mul(x, inverseDeviation(x)), scale), offset)
}

/**
 * r = 1/√(mean(x²) + 10⁻⁵) over the last axis, [..., 1]. Its gradient −x r³/n is given as one expression, half as many
 * passes over x as TensorFlow.js takes through mean, square and rsqrt.
 */
function inverseDeviation(x: tf.Tensor): tf.Tensor {
  return tf.customGrad((input, save) => {
    const saved = input as tf.Tensor
    ;(save as (tensors: tf.Tensor[]) => void)([saved])
    return {
      value: tf.rsqrt(tf.add(tf.mean(tf.square(saved), -1, true), 1e-5)),
      gradFunc: (dy: tf.Tensor, [z]: tf.Tensor[]) => {
        const r = inverseDeviation(z!)
        return tf.mul(z!, tf.mul(tf.mul(dy, -1 / z!.shape.at(-1)!), tf.mul(tf.square(r), r)))
      },
    }
  })(x)
}
