import { isGaussian } from '@revflow/schedules'
import * as tf from '@tensorflow/tfjs-core'
import { applyControl, type ControlVariate } from '../control/control-variate.ts'
import { posteriorScore } from '../posterior.ts'
import type { PosteriorMean, PosteriorProblem } from '../problem.ts'
import { legalInterval } from '../proposals/prior.ts'
import type { Candidates, Coefficients3D, Evaluation } from '../proposals/proposal.ts'

export interface WeightedCandidates extends Omit<Candidates, 'logCorrection' | 'evaluation'>, Evaluation {
  /** log w, up to a constant a row, [B, K] */
  readonly logWeights: tf.Tensor
  /** Where the candidates are states of C Markov chains (candidate k of chain k mod C): C, for errors by batch means. */
  readonly chains?: number
}

/** Self-normalised mean (14) of weighted candidates with a Stein control variate (18). */
export function weightedMean(
  problem: PosteriorProblem,
  candidates: WeightedCandidates,
  control: ControlVariate | undefined,
  at: Coefficients3D,
): PosteriorMean {
  const { x0, x1, grad, logWeights } = candidates
  const weights = tf.expandDims(tf.softmax(logWeights), 2) // w̄, [B, K, 1]
  /** E[f|x] and what it rests on; f [B, K, d]. */
  const expectation = (f: tf.Tensor, statistic = false) => {
    const mean = tf.sum(tf.mul(weights, f), 1, true)
    if (!control || !grad) return { corrected: f, eta: tf.zeros([1, 1, 1]), mean }
    const { corrected, eta } = applyControl(control, {
      ...problem,
      x1,
      at,
      weights,
      f,
      statistic,
      mean,
      score: posteriorScore(problem, { x0, grad }, at).noise,
      sourceVariance: isGaussian(problem.source) ? problem.source.scale ** 2 : 1,
    })
    return { corrected, eta, mean: tf.sum(tf.mul(weights, corrected), 1, true) }
  }
  const { corrected, eta, mean: raw } = expectation(x0)
  const interval = legalInterval(problem, at)
  const noise = interval && control ? tf.minimum(tf.maximum(raw, interval.low), interval.high) : raw
  const data = tf.div(tf.sub(tf.expandDims(problem.x, 1), tf.mul(at.beta, noise)), at.alpha)
  return {
    noise: tf.squeeze(noise, [1]),
    data: tf.squeeze(data, [1]),
    ...(problem.statistic && {
      statistic: tf.squeeze(expectation(problem.statistic({ x0, x1, grad }), true).mean, [1]) as tf.Tensor2D,
    }),
    diagnostics: diagnose(candidates, { weights, residual: tf.sub(corrected, raw), eta }),
  }
}

/** `residual`: candidates' corrected values less the estimate, [B, K, d]. */
function diagnose(
  { value, clipped, chains = 1 }: WeightedCandidates,
  { weights, residual, eta }: Readonly<Record<'weights' | 'residual' | 'eta', tf.Tensor>>,
): PosteriorMean['diagnostics'] {
  const [batch, count, dim] = residual.shape as [number, number, number]
  const w = tf.squeeze(weights, [2])
  const independent: tf.Tensor2D = tf.sqrt(tf.sum(tf.square(tf.mul(weights, residual)), 1))
  const weighted: tf.Tensor1D = tf.reciprocal(tf.sum(tf.square(w), 1))
  const errors = chains > 1 ? batchMeans(residual, chains, independent) : { standardError: independent, ess: weighted }
  const ess: tf.Tensor1D = tf.minimum(errors.ess, count)
  return {
    ess,
    effectiveShare: tf.div(ess, count),
    maxWeight: tf.max(w, 1),
    eta: tf.reshape(tf.mean(tf.add(eta, tf.zeros([batch, 1, dim])), 1), [batch, dim]),
    standardError: errors.standardError,
    clipped: clipped ? tf.mean(tf.cast(clipped, 'float32'), 1) : tf.zeros([batch]),
    logTargetStd: tf.sqrt(tf.mean(tf.square(tf.sub(value, tf.mean(value, 1, true))), 1)),
  }
}

/** The standard error of C chains' means, [B, d], and the number of independent candidates that would have it, [B]. */
function batchMeans(residual: tf.Tensor, chains: number, independent: tf.Tensor2D) {
  const [batch, count, dim] = residual.shape as [number, number, number]
  const means = tf.mean(tf.reshape(residual, [batch, count / chains, chains, dim]), 1)
  const variance = tf.div(tf.sum(tf.square(means), 1), chains * (chains - 1))
  const share = tf.div(tf.sum(tf.square(independent), 1), tf.add(tf.sum(variance, 1), 1e-12))
  return { standardError: tf.sqrt(variance) as tf.Tensor2D, ess: tf.maximum(tf.mul(share, count), 1) as tf.Tensor1D }
}
