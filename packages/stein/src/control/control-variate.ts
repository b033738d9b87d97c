import * as tf from '@tensorflow/tfjs-core'
import { type Coefficient, type CoefficientInput, corrected } from './coefficients.ts'
import type { TestFunction, TestFunctionInput } from './test-functions.ts'

/** A Stein control variate: test functions and how much of each to add. */
export interface ControlVariate {
  readonly testFunction: TestFunction
  readonly coefficient: Coefficient
}

/** f + Σ_p η_p g_p, [B, K, d], and the η of the first test function. */
export function applyControl(
  { testFunction, coefficient }: ControlVariate,
  input: TestFunctionInput & Omit<CoefficientInput, 'g'>,
): { readonly corrected: tf.Tensor; readonly eta: tf.Tensor } {
  const g = testFunction(input)
  const etas = coefficient({ ...input, g })
  return { corrected: corrected({ ...input, g }, etas), eta: etas[0]! }
}

/**
 * The criterion that test functions are trained on: Σ_j Σ_k w̄_k² (f_kj + g_kj − μ_j)², the SNIS asymptotic variance (19)
 * summed over coordinates, averaged over the batch, [].
 */
export function controlVariance(input: {
  /** w̄, [B, K, 1] */
  readonly weights: tf.Tensor
  /** f and its control variate, [B, K, d] */
  readonly f: tf.Tensor
  readonly g: tf.Tensor
}): tf.Scalar {
  const corrected = tf.add(input.f, input.g)
  const mean = tf.sum(tf.mul(input.weights, corrected), 1, true)
  const squares = tf.square(tf.mul(input.weights, tf.sub(corrected, mean)))
  return tf.mean(tf.sum(squares, [1, 2]))
}
