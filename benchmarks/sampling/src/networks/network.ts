import type { Rng, Tree } from '@revflow/core'
import type * as tf from '@tensorflow/tfjs'

export type Params = { readonly [key: string]: Tree<tf.Tensor> }

/** F(x, features of the noise level): [B, d], [B, n] to [B, d]. */
export interface Network {
  init(rng: Rng): Params
  apply(params: Params, x: tf.Tensor2D, level: tf.Tensor2D): tf.Tensor2D
}
