import { RevflowError, type Rng } from '@revflow/core'
import type * as tf from '@tensorflow/tfjs-core'

/** A law p0 of the noise X0. Any object of this form is a source. */
export interface Source {
  readonly name: string
  /** d */
  readonly dim: number
  /** n draws, [n · d] row-major. */
  draw(rng: Rng, n: number): Float32Array
  /** log p0(x0) for x0 [..., d], shape [...]; −∞ outside of the support. */
  logProb(x0: tf.Tensor): tf.Tensor
  /** ∇ log p0(x0), shaped like x0. Absent where p0 has an edge, so that the score forms of p_t fail (theory: section 1). */
  score?(x0: tf.Tensor): tf.Tensor
}

/** A Gaussian source N(mean, scale²) in every coordinate, with its parameters. */
export interface GaussianSource extends Source {
  readonly name: 'gaussian'
  readonly mean: number
  readonly scale: number
  score(x0: tf.Tensor): tf.Tensor
}

/** Whether scores can be converted for this source: a Gaussian one, by its name. */
export const isGaussian = (source: Source): source is GaussianSource => source.name === 'gaussian'

/** ∇ log p0. @throws RevflowError (`missing-score`) for a source with an edge */
export function sourceScore(source: Source, x0: tf.Tensor): tf.Tensor {
  if (source.score) return source.score(x0)
  throw new RevflowError({
    code: 'missing-score',
    path: `source ${source.name}`,
    expected: 'a source with a score',
    received: 'one with an edge, where ∇ log p0 says nothing of the boundary',
    hint: 'use an estimator without a control variate, such as rsm, and regress velocities',
  })
}

/** @throws RangeError unless dim is a positive integer and every scale is positive */
export function checkLaw(name: string, dim: number, scales: Readonly<Record<string, number>>): void {
  const bad = Object.entries({ dim: Number.isInteger(dim) ? dim : Number.NaN, ...scales }).find(([, v]) => !(v > 0))
  if (bad)
    throw new RangeError(
      `${name}: expected ${bad[0]} > 0${bad[0] === 'dim' ? ', an integer' : ''}, received ${bad[0] === 'dim' ? dim : bad[1]}`,
    )
}
