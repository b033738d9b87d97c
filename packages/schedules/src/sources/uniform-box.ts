import * as tf from '@tensorflow/tfjs-core'
import { checkLaw, type Source } from './source.ts'

/** Uniform on [low, high] in each of `dim` coordinates. It has edges, hence no score. @throws RangeError unless dim ≥ 1 and low < high */
export function uniformBox({ dim, low = -1, high = 1 }: { dim: number; low?: number; high?: number }): Source {
  checkLaw('uniformBox', dim, { 'high − low': high - low })
  return {
    name: 'uniform-box',
    dim,
    draw: (rng, n) => rng.fillUniform(new Float32Array(n * dim), low, high),
    logProb: (x0) =>
      tf.tidy(() => {
        const outside = tf.any(tf.logicalOr(tf.less(x0, low), tf.greater(x0, high)), -1)
        const [inside, never] = [-dim * Math.log(high - low), Number.NEGATIVE_INFINITY]
        return tf.where(outside, tf.fill(outside.shape, never), tf.fill(outside.shape, inside))
      }),
  }
}
