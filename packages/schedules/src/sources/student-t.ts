import * as tf from '@tensorflow/tfjs-core'
import { checkLaw, type Source } from './source.ts'

/** ln Γ, right to 1e-10 for x > 0 (Stirling's series after shifting x above 8). */
function logGamma(x: number): number {
  let [z, shift] = [x, 0]
  for (; z < 8; z += 1) shift -= Math.log(z)
  const series = 1 / (12 * z) - 1 / (360 * z ** 3) + 1 / (1260 * z ** 5) - 1 / (1680 * z ** 7)
  return shift + (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series
}

/**
 * Student's t with `dof` degrees of freedom, shifted and scaled, in each of `dim` coordinates.
 * @param dof a positive integer
 * @throws RangeError unless dim ≥ 1, scale > 0 and dof is a positive integer
 */
export function studentT(options: { dim: number; dof: number; mean?: number; scale?: number }): Source {
  const { dim, dof, mean = 0, scale = 1 } = options
  checkLaw('studentT', dim, { scale, dof: Number.isInteger(dof) ? dof : Number.NaN })
  const logNormaliser = logGamma((dof + 1) / 2) - logGamma(dof / 2) - 0.5 * Math.log(dof * Math.PI) - Math.log(scale)
  const standardised = (x0: tf.Tensor) => tf.div(tf.sub(x0, mean), scale)
  return {
    name: 'student-t',
    dim,
    draw(rng, n) {
      const chiSquare = () => Array.from({ length: dof }, () => rng.normal() ** 2).reduce((a, b) => a + b)
      return Float32Array.from({ length: n * dim }, () => mean + (scale * rng.normal()) / Math.sqrt(chiSquare() / dof))
    },
    logProb: (x0) =>
      tf.tidy(() => {
        const tails = tf.sum(tf.log1p(tf.div(tf.square(standardised(x0)), dof)), -1)
        return tf.add(tf.mul(-(dof + 1) / 2, tails), dim * logNormaliser)
      }),
    score: (x0) =>
      tf.tidy(() => {
        const z = standardised(x0)
        return tf.div(tf.mul(z, -(dof + 1) / scale), tf.add(tf.square(z), dof))
      }),
  }
}
