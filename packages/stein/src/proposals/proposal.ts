import type { NoiseSpec } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'
import type { PosteriorProblem } from '../problem.ts'

/** α and β of a problem as [B, 1, 1]. */
export interface Coefficients3D {
  readonly alpha: tf.Tensor3D
  readonly beta: tf.Tensor3D
}

/** Candidates in both views, x = α x1 + β x0. */
export interface Candidates {
  /** [B, K, d] */
  readonly x0: tf.Tensor3D
  /** [B, K, d] */
  readonly x1: tf.Tensor3D
  /** log of posterior over proposal density without the target's factor, up to a constant a row, [B, K]; none: constant */
  readonly logCorrection?: tf.Tensor
  /** Which candidates were clipped to the support, bool [B, K]; none: no candidate */
  readonly clipped?: tf.Tensor
}

/** Where candidates for X0 given x are drawn from. */
export interface Proposal {
  readonly name: string
  /** The noise it consumes. */
  noise(batch: number, candidates: number, dim: number): NoiseSpec
  draw(problem: PosteriorProblem, noise: tf.Tensor3D, at: Coefficients3D): Candidates
}

/** x1 = (x − β x0)/α, [B, K, d] */
export const toData = (x: tf.Tensor2D, x0: tf.Tensor, { alpha, beta }: Coefficients3D): tf.Tensor3D =>
  tf.div(tf.sub(tf.expandDims(x, 1), tf.mul(beta, x0)), alpha)
