import * as tf from '@tensorflow/tfjs-core'
import { evaluateTarget, posteriorScore } from '../posterior.ts'
import type { PosteriorProblem } from '../problem.ts'
import { drawPrior } from './prior.ts'
import {
  type Candidates,
  type Coefficients3D,
  type EstimateSize,
  type Evaluation,
  type NoiseTensors,
  type Proposal,
  toNoise,
} from './proposal.ts'
import { systematicResample, takeRows } from './resample.ts'
import { drawTruncated, logTruncatedDensity, priorLaw } from './truncated-law.ts'

/** Where the second half of the candidates goes. */
export interface Centres {
  /** In the data view, [B, M, d]: the candidates take them in turn. */
  readonly mean: tf.Tensor
  /** Standard deviation around them, [B, 1, 1 or d] */
  readonly sigma: tf.Tensor
}

/**
 * Draws from the prior joined by draws from truncated normals around centres, with the log of the prior's density over
 * that of the whole mixture (deterministic-mixture weights), [B, K].
 * @param first draws from the prior, [B, K1, d]
 * @param uniform for the draws around the centres, [B, K2, d]
 */
export function mixWithPrior(
  problem: PosteriorProblem,
  first: tf.Tensor3D,
  { mean, sigma }: Centres,
  uniform: tf.Tensor,
  at: Coefficients3D,
): { readonly x1: tf.Tensor3D; readonly second: tf.Tensor3D; readonly logCorrection: tf.Tensor } {
  const [k1, k2, m] = [first.shape[1], uniform.shape[1]!, mean.shape[1]!]
  const { support } = problem
  // the candidates take the centres in turn
  const turns = tf.slice(tf.tile(mean, [1, Math.ceil(k2 / m), 1]), [0, 0, 0], [-1, k2, -1])
  const second = drawTruncated({ mean: turns, sigma, support }, uniform)
  const x1 = tf.concat([first, second], 1) as tf.Tensor3D
  const prior = logTruncatedDensity(priorLaw(problem, at), x1)
  const each = logTruncatedDensity(
    { mean: tf.expandDims(mean, 1), sigma: tf.expandDims(sigma, 1), support },
    tf.expandDims(x1, 2),
  ) // [B, K, M]
  const shares = Array.from({ length: m }, (_, i) => Math.log(Math.ceil((k2 - i) / m) / (k1 + k2)))
  const parts = tf.concat([tf.expandDims(tf.add(prior, Math.log(k1 / (k1 + k2))), 2), tf.add(each, shares)], 2)
  return { x1, second, logCorrection: tf.sub(prior, tf.logSumExp(parts, 2)) }
}

/**
 * Half of the candidates from the prior, half from truncated normals around centres found by `locate`, all weighted by
 * the density of the whole mixture (deterministic-mixture weights): where a centre misleads, the prior's half remains.
 */
function defensiveMixture(options: {
  readonly name: string
  readonly extraEvaluations?: number
  /** More noise than the two halves need. */
  readonly noise?: (size: EstimateSize) => ReturnType<Proposal['noise']>
  /** The centres, given the first half and the target there where `evaluateFirst` asks for it. */
  readonly locate: (
    problem: PosteriorProblem,
    first: { x0: tf.Tensor3D; x1: tf.Tensor3D; evaluation?: Evaluation },
    noise: NoiseTensors,
    at: Coefficients3D,
  ) => Centres
  readonly evaluateFirst?: boolean
}): Proposal {
  const { name, extraEvaluations = 0, locate, evaluateFirst = false } = options
  const halves = (candidates: number) => ({ first: Math.ceil(candidates / 2), second: Math.floor(candidates / 2) })
  return {
    name,
    extraEvaluations,
    noise(size) {
      const { first, second } = halves(size.candidates)
      const uniform = (n: number) => ({ shape: [size.batch, n, size.dim], law: 'uniform' as const })
      if (second === 0) return { candidates: uniform(first) }
      return { candidates: uniform(first), around: uniform(second), ...options.noise?.(size) }
    },
    draw(problem, noise, at): Candidates {
      const first = drawPrior(problem, noise.candidates!, at)
      if (!noise.around) return first
      const evaluation = evaluateFirst ? evaluateTarget(problem, first.x1, true) : undefined
      const centres = locate(problem, { ...first, ...(evaluation && { evaluation }) }, noise, at)
      const { x1, second, logCorrection } = mixWithPrior(problem, first.x1, centres, noise.around, at)
      const merged = evaluation && {
        evaluation: concatEvaluations(evaluation, evaluateTarget(problem, second, true)),
      }
      return {
        x0: tf.concat([first.x0, toNoise(problem.x, second, at)], 1),
        x1,
        logCorrection,
        ...merged,
      }
    },
  }
}

const concatEvaluations = (a: Evaluation, b: Evaluation): Evaluation => ({
  value: tf.concat([a.value, b.value], 1),
  grad: tf.concat([a.grad!, b.grad!], 1),
})

/** Half the width of the support; 1 where there is none. */
export const unit = ({ support }: PosteriorProblem) => (support ? (support.high - support.low) / 2 : 1)

/** Options of {@link twoStageProposal}. */
export interface TwoStageOptions {
  /** M, how many of the first half are built upon. */
  readonly centres?: number
  /** σ around them, in half-widths of the support (units where there is none), at most the prior's. */
  readonly sigma?: number
}

/**
 * Two stages: the better of the first half, resampled with tempered weights w̄^½ and moved half a Langevin step up the
 * posterior, are the centres of the second half.
 */
export const twoStageProposal = ({ centres = 4, sigma = 0.3 }: TwoStageOptions = {}): Proposal =>
  defensiveMixture({
    name: 'two-stage',
    noise: ({ batch }) => ({ resample: { shape: [batch, 1], law: 'uniform' } }),
    evaluateFirst: true,
    locate: (problem, { x1, evaluation }, noise, at) =>
      climb(problem, { x1, ...evaluation!, logWeights: evaluation!.value }, noise.resample!, { centres, sigma }, at),
  })

/**
 * The better of weighted candidates, resampled with tempered weights w̄^½ and moved half a Langevin step up the posterior,
 * kept in the support.
 * @param offset one uniform a row, [B, 1]
 */
export function climb(
  problem: PosteriorProblem,
  { x1, grad, logWeights }: { x1: tf.Tensor3D; logWeights: tf.Tensor } & Evaluation,
  offset: tf.Tensor,
  { centres, sigma }: Required<TwoStageOptions>,
  at: Coefficients3D,
): Centres {
  const { support } = problem
  const taken = systematicResample(tf.softmax(tf.mul(0.5, logWeights)), offset, centres)
  const width = tf.minimum(sigma * unit(problem), priorLaw(problem, at).sigma)
  const uphill = posteriorScore(problem, { x0: toNoise(problem.x, x1, at), grad: grad! }, at).data
  const mean = takeRows(tf.add(x1, tf.mul(tf.mul(0.5, tf.square(width)), uphill)), taken)
  return { mean: support ? tf.clipByValue(mean, support.low, support.high) : mean, sigma: width }
}

/**
 * A Gaussian fitted by Laplace: gradient ascent to a mode of the posterior of x1, step and width from the curvature that
 * successive gradients show in each coordinate.
 */
export const laplaceProposal = ({ steps = 4 }: { readonly steps?: number } = {}): Proposal =>
  defensiveMixture({
    name: 'laplace',
    extraEvaluations: steps,
    locate(problem, _, __, at) {
      const prior = priorLaw(problem, at)
      const { support } = problem
      const legal = (x1: tf.Tensor) => (support ? tf.clipByValue(x1, support.low, support.high) : x1) as tf.Tensor3D
      const slope = (x1: tf.Tensor3D) => {
        const { grad } = evaluateTarget(problem, x1, true)
        return posteriorScore(problem, { x0: toNoise(problem.x, x1, at), grad: grad! }, at).data
      }
      const priorVariance = tf.square(prior.sigma)
      // no wider than the prior, nor so narrow that one misjudged curvature throws the mixture's half away
      const bounded = (variance: tf.Tensor) =>
        tf.minimum(tf.maximum(variance, tf.mul(1e-3, priorVariance)), priorVariance)
      let x1 = legal(prior.mean)
      let ascent = slope(x1)
      let variance = tf.mul(0.1, tf.add(priorVariance, tf.zerosLike(x1)))
      for (let i = 1; i < steps; i++) {
        const next = legal(tf.add(x1, tf.mul(variance, ascent)))
        const after = slope(next)
        const moved = tf.sub(next, x1)
        const curvature = tf.div(tf.sub(ascent, after), tf.where(tf.equal(moved, 0), tf.onesLike(moved), moved))
        const fitted = bounded(tf.reciprocal(tf.maximum(curvature, 1e-6)))
        variance = tf.where(tf.equal(moved, 0), variance, fitted)
        ;[x1, ascent] = [next, after]
      }
      return { mean: legal(tf.add(x1, tf.mul(variance, ascent))), sigma: tf.sqrt(variance) }
    },
  })
