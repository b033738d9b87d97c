import type { Tree } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'
import { fromVector, toVector } from './vector.ts'

/** Polyak average: target + τ·(online − target) for every leaf; τ in (0, 1]. */
export function polyak<P extends Tree<tf.Tensor>>(target: P, online: P, tau: number): P {
  return tf.tidy(() => {
    const slow = toVector(target)
    return fromVector(
      tf.add(slow, tf.mul(tau, tf.sub(toVector(online), slow))),
      target,
    ) as unknown as tf.TensorContainer
  }) as P
}
