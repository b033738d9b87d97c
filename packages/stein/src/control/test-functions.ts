import * as tf from '@tensorflow/tfjs-core'
import { gradient } from '../operators/stein-operator.ts'
import type { Box } from '../problem.ts'
import type { Coefficients3D } from '../proposals/proposal.ts'

/** What a test function may look at. */
export interface TestFunctionInput {
  /** Candidates, [B, K, d] */
  readonly x1: tf.Tensor3D
  /** Posterior score s(x0) = ∇ log p(x0|x), [B, K, d] (22) */
  readonly score: tf.Tensor
  /** α and β at t, [B, 1, 1]. */
  readonly at: Coefficients3D
  readonly support?: Box | undefined
  /** The problem's own x [B, d] and t [B], for amortised test functions. */
  readonly x: tf.Tensor2D
  readonly t: tf.Tensor1D
}

/**
 * A diagonal test function φ = (φ_1(x0) … φ_d(x0)), or several: each gives the control variate g = φ s + ∂φ at η = 1,
 * [B, K, d] (16), of mean zero under the posterior.
 */
export type TestFunction = (input: TestFunctionInput) => readonly tf.Tensor[]

/** A function h_j of the candidate x1 for each coordinate j. */
export interface Feature {
  /** h, [B, K, d] */
  value(x1: tf.Tensor3D, input: TestFunctionInput): tf.Tensor
  /** ∂h_j/∂x1_j, [B, K, d] */
  derivative(x1: tf.Tensor3D, input: TestFunctionInput): tf.Tensor
}

/** How {@link Feature}s become test functions. */
export interface FeatureOptions {
  /**
   * Where the target has bounds, multiply by c(x1_j) = 1 − a², a being x1_j on the box scaled to [−1, 1]: φ then
   * vanishes on the faces, so that g has mean zero, while any other φ is biased (theory beyond the paper).
   */
  readonly boundaryVanishing?: boolean
}

/** φ_j = c(x1_j) h_j(x1) for each feature h; g = φ s − (β/α) ∂φ/∂x1, as x1 = (x − β x0)/α. */
export const features =
  (list: readonly Feature[], { boundaryVanishing = false }: FeatureOptions = {}): TestFunction =>
  (input) => {
    const slope = tf.neg(tf.div(input.at.beta, input.at.alpha))
    const { c, cDot } = (boundaryVanishing && bump(input)) || { c: tf.scalar(1), cDot: tf.scalar(0) }
    return list.map((feature) => {
      const h = feature.value(input.x1, input)
      const phi = tf.mul(c, h)
      const derivative = tf.add(tf.mul(cDot, h), tf.mul(c, feature.derivative(input.x1, input)))
      return tf.add(tf.mul(phi, input.score), tf.mul(slope, derivative))
    })
  }

/** c = 1 − a² and dc/dx1; nothing where there are no bounds. */
function bump({ x1, support }: TestFunctionInput) {
  if (!support) return undefined
  const halfWidth = (support.high - support.low) / 2
  const a = tf.div(tf.sub(x1, (support.high + support.low) / 2), halfWidth)
  return { c: tf.sub(1, tf.square(a)), cDot: tf.mul(-2 / halfWidth, a) }
}

/** φ = 1, g = s (17). Zero mean only where the posterior vanishes at the edge of its support. */
const constantDiagonal: TestFunction = ({ score }) => [score]

/** φ_j = c(x1_j) on a box, 1 where there are no bounds: {@link features} with the one feature 1. */
const boundaryVanishing: TestFunction = (input) => {
  const edge = bump(input)
  if (!edge) return [input.score]
  return [tf.sub(tf.mul(edge.c, input.score), tf.mul(edge.cDot, tf.div(input.at.beta, input.at.alpha)))]
}

/** φ_j ∈ {1, x1_j, …, x1_j^degree}: richer test functions (Remark 3). */
const polynomial = ({ degree, ...options }: FeatureOptions & { readonly degree: number }): TestFunction =>
  features(
    Array.from({ length: degree + 1 }, (_, n) => ({
      value: (x1) => tf.pow(x1, tf.scalar(n, 'int32')),
      derivative: (x1) => (n === 0 ? tf.zerosLike(x1) : tf.mul(n, tf.pow(x1, tf.scalar(n - 1, 'int32')))),
    })),
    options,
  )

/** φ = a network of (x1, x, t), [B, K, d]; its derivative by d gradients. Train it on {@link controlVariance}. */
const neural = (
  network: (x1: tf.Tensor3D, x: tf.Tensor2D, t: tf.Tensor1D) => tf.Tensor,
  options: FeatureOptions = {},
): TestFunction =>
  features(
    [
      {
        value: (x1, { x, t }) => network(x1, x, t),
        derivative: (x1, { x, t }) => diagonalOfJacobian((z) => network(z as tf.Tensor3D, x, t), x1),
      },
    ],
    options,
  )

/** ∂f_j/∂z_j for every j, shaped like z [..., d]. */
function diagonalOfJacobian(f: (z: tf.Tensor) => tf.Tensor, z: tf.Tensor): tf.Tensor {
  const column = (x: tf.Tensor, j: number) =>
    tf.slice(x, [...Array(x.rank - 1).fill(0), j], [...Array(x.rank - 1).fill(-1), 1])
  const columns = Array.from({ length: z.shape.at(-1)! }, (_, j) =>
    column(
      gradient((y) => column(f(y), j), z),
      j,
    ),
  )
  return tf.concat(columns, -1)
}

/** Every coordinate's control variate offered to every coordinate: with a constant φ, a full matrix Φ (Def. 2). */
const crossed =
  (testFunction: TestFunction): TestFunction =>
  (input) =>
    testFunction(input).flatMap((g) =>
      tf.split(g, g.shape.at(-1)!, -1).map((column) => tf.add(column, tf.zerosLike(g))),
    )

/** Test functions by name; the last four take options. */
export const testFunctions = { constantDiagonal, boundaryVanishing, polynomial, features, neural, crossed }
