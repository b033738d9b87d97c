import { mapTree, type Tree } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'

/** Polyak average: target + τ·(online − target) for every leaf; τ in (0, 1]. */
export function polyak<P extends Tree<tf.Tensor>>(target: P, online: P, tau: number): P {
  const average = (a: tf.Tensor, b: tf.Tensor) => tf.add(a, tf.mul(tau, tf.sub(b, a)))
  return mapTree(average, target, online) as P
}
