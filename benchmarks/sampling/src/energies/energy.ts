import type { Rng } from '@revflow/core'
import type { Box } from '@revflow/stein'
import * as tf from '@tensorflow/tfjs'

/** log p1 up to a constant with its gradient, for points [B, K, d]. */
export interface Evaluated {
  /** [B, K] */
  readonly value: tf.Tensor
  /** [B, K, d] */
  readonly grad: tf.Tensor
}

/** Particles whose centre of mass rests at the origin, in d = (n − 1)·D coordinates of that subspace. */
export interface Particles {
  /** n */
  readonly count: number
  /** D */
  readonly dimension: number
  /** [d, n·D], orthonormal rows: y·B are the particles' positions, positions·Bᵀ are y. */
  readonly basis: tf.Tensor2D
}

/** A law known by its energy, p1 ∝ exp(logTarget), in coordinates of about unit size. */
export interface Energy {
  readonly name: string
  /** Papers and code its constants come from. */
  readonly reference: string
  /** d */
  readonly dim: number
  /** Standard deviation of a coordinate, roughly: what networks and reference chains scale by. */
  readonly scale: number
  /** σ_max and σ_min of the variance-exploding schedule it is sampled with. */
  readonly sigmaMax: number
  readonly sigmaMin: number
  /** Norm that iDEM clips scores to: of each particle's part where there are particles. */
  readonly scoreClip: number
  /** Width of two-stage proposals. */
  readonly proposalSigma: number
  /** −E at points [B, K, d], with its gradient, in closed form. */
  logTargetAndGrad(x: tf.Tensor3D): Evaluated
  readonly particles?: Particles
  /** Outside of it p1 is as good as zero. */
  readonly support?: Box
  /** log ∫ exp(logTarget), where it is known. */
  readonly logZ?: number
  /** Exact draws, [n·d], where there are any. */
  draw?(rng: Rng, n: number): Float32Array
}

/** −E alone, [B, K]. */
export const logTarget = (energy: Energy, x: tf.Tensor3D): tf.Tensor => energy.logTargetAndGrad(x).value

/** Rows of points [B, K, d] as a matrix, [B·K, d]: one large matrix product for all candidates. */
export const rows = (x: tf.Tensor3D): tf.Tensor2D => tf.reshape(x, [-1, x.shape[2]])
