import * as tf from '@tensorflow/tfjs-core'
import { checkLaw, type Source } from './source.ts'

/** Laplace law of density e^(−|x − mean|/scale)/(2 scale) in each of `dim` coordinates. @throws RangeError unless dim ≥ 1 and scale > 0 */
export function laplace({ dim, mean = 0, scale = 1 }: { dim: number; mean?: number; scale?: number }): Source {
  checkLaw('laplace', dim, { scale })
  return {
    name: 'laplace',
    dim,
    draw(rng, n) {
      // by inversion: the sign and an exponential from one uniform
      return Float32Array.from({ length: n * dim }, () => {
        const u = rng.uniform() - 0.5
        return mean - scale * Math.sign(u) * Math.log1p(-2 * Math.abs(u))
      })
    },
    logProb: (x0) =>
      tf.tidy(() => tf.sub(tf.div(tf.sum(tf.abs(tf.sub(x0, mean)), -1), -scale), dim * Math.log(2 * scale))),
    // weakly differentiable: the kink has no mass
    score: (x0) => tf.tidy(() => tf.div(tf.sign(tf.sub(mean, x0)), scale)),
  }
}
