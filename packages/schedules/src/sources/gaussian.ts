import * as tf from '@tensorflow/tfjs-core'
import { checkLaw, type GaussianSource } from './source.ts'

/** N(mean, scale²) in each of `dim` coordinates. @throws RangeError unless dim ≥ 1 and scale > 0 */
export function gaussian({ dim, mean = 0, scale = 1 }: { dim: number; mean?: number; scale?: number }): GaussianSource {
  checkLaw('gaussian', dim, { scale })
  const logNormaliser = dim * (Math.log(scale) + 0.5 * Math.log(2 * Math.PI))
  const standardised = (x0: tf.Tensor) => tf.div(tf.sub(x0, mean), scale)
  return {
    name: 'gaussian',
    dim,
    mean,
    scale,
    draw: (rng, n) => rng.fillNormal(new Float32Array(n * dim), scale).map((z) => z + mean),
    logProb: (x0) => tf.tidy(() => tf.sub(tf.mul(-0.5, tf.sum(tf.square(standardised(x0)), -1)), logNormaliser)),
    score: (x0) => tf.tidy(() => tf.div(tf.sub(mean, x0), scale * scale)),
  }
}
