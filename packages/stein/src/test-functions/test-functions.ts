import * as tf from '@tensorflow/tfjs-core'
import type { Box } from '../problem.ts'
import type { Coefficients3D } from '../proposals/proposal.ts'

export interface TestFunctionInput {
  /** [B, K, d] */
  readonly x1: tf.Tensor3D
  /** Posterior score s(x0) = ∇ log p(x0|x), [B, K, d] (22) */
  readonly score: tf.Tensor
  readonly at: Coefficients3D
  readonly support?: Box | undefined
}

/** A diagonal test function at η = 1: gives the control variate g = φ s + ∂φ, [B, K, d] (16). */
export type TestFunction = (input: TestFunctionInput) => tf.Tensor

/** φ = 1, g = s (17). Zero mean only where the posterior vanishes at the edge of its support. */
const constantDiagonal: TestFunction = ({ score }) => score

/**
 * φ_j = c(x1_j), c(a) = 1 − a² on the box scaled to [−1, 1]: vanishes on its faces, so that g = c s + ∂c/∂x0 has mean
 * zero for a target with edges, where a constant φ is biased (theory beyond the paper).
 */
const boundaryVanishing: TestFunction = ({ x1, score, at, support = { low: -1, high: 1 } }) => {
  const halfWidth = (support.high - support.low) / 2
  const a = tf.div(tf.sub(x1, (support.high + support.low) / 2), halfWidth)
  const c = tf.sub(1, tf.square(a))
  // dc/dx0 = −2a · da/dx1 · dx1/dx0 = 2a/halfWidth · β/α
  const slope = tf.mul(tf.mul(2 / halfWidth, a), tf.div(at.beta, at.alpha))
  return tf.add(tf.mul(c, score), slope)
}

/** Test functions by name. */
export const testFunctions = { constantDiagonal, boundaryVanishing }
