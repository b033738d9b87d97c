import * as tf from '@tensorflow/tfjs-core'
import type { Box } from '../problem.ts'

/** What η is chosen from. */
export interface CoefficientInput {
  /** Normalised weights w̄, [B, K, 1] */
  readonly weights: tf.Tensor
  /** f, [B, K, d]: x0 unless `statistic` is set */
  readonly f: tf.Tensor
  /** Whether f is another function of the candidates, whose best η has another range than that of x0. */
  readonly statistic?: boolean
  /** Control variates at η = 1, one for each test function, [B, K, d] */
  readonly g: readonly tf.Tensor[]
  /** Plain estimate Σ w̄ f, [B, 1, d] */
  readonly mean: tf.Tensor
  /** Variance of the source, g² */
  readonly sourceVariance: number
  /** Bounds of the target, where it has any. */
  readonly support?: Box | undefined
  /** The problem's own x [B, d] and t [B], for an amortised η. */
  readonly x: tf.Tensor2D
  readonly t: tf.Tensor1D
}

/** A choice of η for each control variate, [B, 1, d] or broadcastable to [B, K, d]. */
export type Coefficient = (input: CoefficientInput) => readonly tf.Tensor[]

/** f + Σ_p η_p g_p, [B, K, d] */
export const corrected = ({ f, g }: Pick<CoefficientInput, 'f' | 'g'>, etas: readonly tf.Tensor[]): tf.Tensor =>
  g.reduce((sum, column, p) => tf.add(sum, tf.mul(etas[p]!, column)), f)

/** The same η everywhere. */
const constant =
  (eta: number): Coefficient =>
  ({ g }) =>
    g.map(() => tf.scalar(eta))

/** η = g², the gradient form (24): iDEM and DQS. A statistic is taken as it is: for ∇ log p1 that is their form (29). */
const gradient: Coefficient = ({ g, sourceVariance, statistic }) =>
  g.map(() => tf.scalar(statistic ? 0 : sourceVariance))

/** Which squares η makes least. */
export interface LeastSquaresOptions {
  /** Weights of the squares: w̄^power. */
  readonly power: number
  /** Regression: subtract weighted means first. Otherwise f − μ is fitted by g itself. */
  readonly centred: boolean
  /** One η for all coordinates. */
  readonly shared?: boolean
  /** Added to the diagonal of the normal equations, relative to it. */
  readonly ridge?: number
}

/** Keeps η = 0 where a control variate does not vary (K = 1, one weight only). */
const TINY = 1e-12

/** η that minimises Σ_k w̄_k^power (f + Σ_p η_p g_p)², both centred: all of (20), (21) and regression. */
const leastSquares =
  ({ power, centred, shared = false, ridge = 0 }: LeastSquaresOptions): Coefficient =>
  ({ weights, f, g, mean }) => {
    const raw = power === 1 ? weights : power === 2 ? tf.square(weights) : tf.pow(weights, power)
    const v = centred && power !== 1 ? tf.div(raw, tf.sum(raw, 1, true)) : raw
    const total = (x: tf.Tensor) => tf.sum(x, shared ? [1, 2] : 1, true)
    const residual = centred ? f : tf.sub(f, mean)
    const basis = centred ? g.map((column) => tf.sub(column, tf.sum(tf.mul(v, column), 1, true))) : g
    const weighted = basis.map((column) => tf.mul(v, column))
    const normal = weighted.map((a, p) =>
      basis.slice(0, p + 1).map((b, q) => {
        const entry = total(tf.mul(a, b))
        return p === q ? tf.add(ridge === 0 ? entry : tf.mul(entry, 1 + ridge), TINY) : entry
      }),
    )
    return solve(
      normal,
      weighted.map((a) => tf.neg(total(tf.mul(a, residual)))),
    )
  }

/** A choice that fits f − μ, such as (20), made anew with the corrected mean as μ (theory: section 4). */
const twoPass =
  (coefficient: Coefficient): Coefficient =>
  (input) =>
    coefficient({ ...input, mean: tf.sum(tf.mul(input.weights, corrected(input, coefficient(input))), 1, true) })

/**
 * η = a network of (x, t), and of whatever else its closure holds, such as a state: [B, d], for P test functions [B, P·d].
 * It is trained where the sum of squared standard errors of the estimate, the asymptotic variance (19), is least.
 */
const predicted =
  (network: (x: tf.Tensor2D, t: tf.Tensor1D) => tf.Tensor): Coefficient =>
  ({ g, x, t }) => {
    const [etas, dim] = [tf.expandDims(network(x, t), 1), x.shape[1]]
    return g.map((_, p) => tf.slice(etas, [0, 0, p * dim], [-1, -1, dim]))
  }

/** Solves A η = b for symmetric positive A, given by its lower triangle, elementwise over tensors (LDLᵀ). */
function solve(lower: readonly (readonly tf.Tensor[])[], b: readonly tf.Tensor[]): tf.Tensor[] {
  const n = b.length
  const l: tf.Tensor[][] = []
  const d: tf.Tensor[] = []
  const less = (x: tf.Tensor, terms: readonly tf.Tensor[]) => terms.reduce((sum, term) => tf.sub(sum, term), x)
  for (let i = 0; i < n; i++) {
    const row: tf.Tensor[] = []
    for (let j = 0; j < i; j++) {
      const known = row.map((value, k) => tf.mul(tf.mul(value, l[j]![k]!), d[k]!)).slice(0, j)
      row.push(tf.div(less(lower[i]![j]!, known), d[j]!))
    }
    l.push(row)
    const pivot = less(
      lower[i]![i]!,
      row.map((value, k) => tf.mul(tf.square(value), d[k]!)),
    )
    // rounding must not turn an exhausted direction into a large step
    d.push(i === 0 ? pivot : tf.maximum(pivot, tf.add(tf.mul(1e-5, lower[i]![i]!), TINY)))
  }
  const y: tf.Tensor[] = []
  for (const [i, value] of b.entries())
    y.push(
      less(
        value,
        l[i]!.map((factor, k) => tf.mul(factor, y[k]!)),
      ),
    )
  const x = y.map((value, i) => tf.div(value, d[i]!))
  for (let i = n - 2; i >= 0; i--)
    x[i] = less(
      x[i]!,
      x.slice(i + 1).map((value, k) => tf.mul(l[i + 1 + k]![i]!, value)),
    )
  return x
}

/** η of one half of the candidates fitted on the other half, so that no candidate chooses its own η. */
const splitSample =
  (coefficient: Coefficient): Coefficient =>
  (input) => {
    const k = input.f.shape[1]!
    const half = Math.floor(k / 2)
    if (half === 0) return input.g.map(() => tf.scalar(0))
    const part = (from: number, size: number) => {
      const cut = (x: tf.Tensor) => tf.slice(x, [0, from, 0], [-1, size, -1])
      const weights = cut(input.weights)
      const own = tf.div(weights, tf.add(tf.sum(weights, 1, true), TINY))
      const f = cut(input.f)
      const mean = tf.sum(tf.mul(own, f), 1, true)
      return coefficient({ ...input, weights: own, f, g: input.g.map(cut), mean })
    }
    const [first, second] = [part(0, half), part(half, k - half)]
    const [batch, , dim] = input.f.shape as [number, number, number]
    return first.map((eta, p) =>
      tf.concat([tf.add(tf.zeros([batch, half, dim]), second[p]!), tf.add(tf.zeros([batch, k - half, dim]), eta)], 1),
    )
  }

/** η · ESS/(ESS + c): where few weights count, their regression is noise. */
const shrunk =
  (coefficient: Coefficient, c: number): Coefficient =>
  (input) => {
    const ess = tf.reciprocal(tf.sum(tf.square(input.weights), 1, true))
    return coefficient(input).map((eta) => tf.mul(eta, tf.div(ess, tf.add(ess, c))))
  }

/** η held in [low, high]: [0, 1] lies between the noise form and the gradient form of a standard Gaussian source. */
const clipped =
  (coefficient: Coefficient, low = 0, high = 1): Coefficient =>
  (input) =>
    coefficient(input).map((eta) => tf.clipByValue(eta, low, high))

/**
 * Regression with weights w̄^½, which stay robust when few of them dominate. Where there are no bounds, the scores of far
 * candidates are so large that at an effective sample near 1 they would decide η: it is then kept between the noise form
 * and the gradient form (for x0), and shrunk by (ESS² − 1)/(ESS² + 3), to the noise form at ESS = 1 and hardly at all from
 * 10 on.
 */
const temperedRegression: Coefficient = (input) => {
  const regression = leastSquares({ power: 0.5, centred: true })
  if (input.support) return regression(input)
  const ess2 = tf.square(tf.reciprocal(tf.sum(tf.square(input.weights), 1, true)))
  const share = tf.div(tf.sub(ess2, 1), tf.add(ess2, 3))
  const within = input.statistic ? regression : clipped(regression, 0, input.sourceVariance)
  return within(input).map((eta) => tf.mul(share, eta))
}

/** Choices of η by name. */
export const coefficients = {
  constant,
  gradient,
  leastSquares,
  /** η_j minimises the asymptotic variance (19) of each coordinate (20). */
  optimal: leastSquares({ power: 2, centred: false }),
  /** One η for all coordinates minimises their summed variance (21). */
  isotropic: leastSquares({ power: 2, centred: false, shared: true }),
  /** η_j = −Cov_w(f_j, g_j)/Var_w(g_j). */
  regression: leastSquares({ power: 1, centred: true }),
  temperedRegression,
  twoPass,
  predicted,
  splitSample,
  shrunk,
  clipped,
}
