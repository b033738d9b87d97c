import type { Rng } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'

/** A law p0 of the noise X0, independent coordinates unless it says otherwise. */
export interface Source {
  readonly name: string
  /** d */
  readonly dim: number
  /** n draws, [n · d] row-major. */
  draw(rng: Rng, n: number): Float32Array
  /** log p0(x0) for x0 [..., d], shape [...]. */
  logProb(x0: tf.Tensor): tf.Tensor
  /** ∇ log p0(x0), shaped like x0. Absent where p0 has an edge. */
  score?(x0: tf.Tensor): tf.Tensor
}

/** A Gaussian source N(mean, scale²) in every coordinate, with its parameters. */
export interface GaussianSource extends Source {
  readonly mean: number
  readonly scale: number
  score(x0: tf.Tensor): tf.Tensor
}

export const isGaussian = (source: Source): source is GaussianSource => source.name === 'gaussian'

/** N(mean, scale²) in each of `dim` coordinates. @throws RangeError unless dim ≥ 1 and scale > 0 */
export function gaussian({ dim, mean = 0, scale = 1 }: { dim: number; mean?: number; scale?: number }): GaussianSource {
  if (!(Number.isInteger(dim) && dim >= 1 && scale > 0))
    throw new RangeError(`gaussian: expected dim ≥ 1 and scale > 0, received dim ${dim}, scale ${scale}`)
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
