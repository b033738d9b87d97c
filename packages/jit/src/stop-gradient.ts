import * as tf from '@tensorflow/tfjs-core'

/** x itself, that counts as a constant in every gradient, second ones included; shaped like x. Works eagerly too. */
export const stopGradient = <T extends tf.Tensor>(x: T): T =>
  tf.customGrad((value) => ({
    value: tf.clone(value as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
  }))(x) as T
