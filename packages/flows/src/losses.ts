import { RevflowError } from '@revflow/core'
import { convertPrediction, isGaussian, type Schedule } from '@revflow/schedules'
import {
  type Estimator,
  estimatePosteriorMean,
  evaluateTarget,
  type NoiseTensors,
  type PosteriorProblem,
} from '@revflow/stein'
import * as tf from '@tensorflow/tfjs-core'

/**
 * Marginal velocity u(x, E[X0|x]) or u(x, E[X1|x]), the regression target of reverse flow matching in its noise form
 * (9) or data form (10). All [B, d], t [B].
 */
export function velocityTarget(input: {
  readonly schedule: Schedule
  readonly x: tf.Tensor2D
  readonly t: tf.Tensor1D
  readonly posterior: { readonly noise: tf.Tensor2D } | { readonly data: tf.Tensor2D }
}): tf.Tensor2D {
  const { schedule, x, t, posterior } = input
  return 'noise' in posterior
    ? convertPrediction({ schedule, from: 'noise', to: 'velocity', value: posterior.noise, x, t })
    : convertPrediction({ schedule, from: 'data', to: 'velocity', value: posterior.data, x, t })
}

/** A point between noise and data, and the velocity there of the path that joins them. */
export interface NoisySample {
  /** x_t = α x1 + β x0, [B, d] */
  readonly x: tf.Tensor2D
  /** α' x1 + β' x0, [B, d] */
  readonly velocity: tf.Tensor2D
}

/** The interpolation at times t [B] between noise x0 and data x1, [B, d] each. */
export function interpolate(schedule: Schedule, x0: tf.Tensor2D, x1: tf.Tensor2D, t: tf.Tensor1D): NoisySample {
  return tf.tidy(() => {
    const { alpha, beta, alphaDot, betaDot } = schedule.atTensor(t)
    const mix = (a: tf.Tensor1D, b: tf.Tensor1D) =>
      tf.add(tf.mul(tf.expandDims(a, 1), x1), tf.mul(tf.expandDims(b, 1), x0)) as tf.Tensor2D
    return { x: mix(alpha, beta), velocity: mix(alphaDot, betaDot) }
  })
}

/**
 * Reverse flow matching (8)–(10): mean over batch and coordinates of (v − target)², with x drawn from a proposal of
 * the caller's choice (Theorem 1: the minimiser does not depend on it, the training does).
 */
export const reverseFlowMatchingLoss = (prediction: tf.Tensor2D, target: tf.Tensor2D): tf.Scalar =>
  tf.mean(tf.squaredDifference(prediction, target))

/** Conditional flow matching (5), from samples of the target: v is the prediction at `interpolate(...).x`. */
export const conditionalFlowMatchingLoss = (prediction: tf.Tensor2D, { velocity }: NoisySample): tf.Scalar =>
  tf.mean(tf.squaredDifference(prediction, velocity))

/** The forms of a score as a posterior mean: over ∇ log p0 (26) or over ∇ log p1 (27). */
export type ScoreForm = 'source' | 'target'

/**
 * ∇ log p_t(x), the regression target of reverse score matching, [B, d]: (1/β) E[∇ log p0(X0)|x] (26), or
 * (1/α) E[∇ log p1(X1)|x] (27). Right for any source or target that is weakly differentiable and vanishes at infinity:
 * the only way to a score for a source that is not Gaussian. The form over the target needs an estimator with gradients.
 * @throws RevflowError (`unsupported-score`) for a source, or a target with bounds, whose edge the form misses
 */
export function reverseScoreTarget(
  problem: PosteriorProblem,
  { form, ...options }: { form: ScoreForm; estimator: string | Estimator; noise: NoiseTensors },
): tf.Tensor2D {
  const { score } = problem.source
  if (form === 'source' ? !score : problem.support)
    throw new RevflowError({
      code: 'unsupported-score',
      path: form === 'source' ? `source ${problem.source.name}` : 'problem.support',
      expected: `a ${form} without edges, for its form of the score`,
      received: 'one with edges',
      hint: `use form: '${form === 'source' ? 'target' : 'source'}'`,
    })
  return tf.tidy(() => {
    const { alpha, beta } = problem.schedule.atTensor(problem.t)
    // of a Gaussian source it is affine: that of the mean, whose control variate is made for it
    if (form === 'source' && isGaussian(problem.source))
      return tf.div(score!(estimatePosteriorMean(problem, options).noise), tf.expandDims(beta, 1))
    const { statistic } = estimatePosteriorMean(
      {
        ...problem,
        statistic: ({ x0, x1, grad }) => (form === 'source' ? score!(x0) : targetScore(problem, x1, grad)),
      },
      options,
    )
    return tf.div(statistic!, tf.expandDims(form === 'source' ? beta : alpha, 1))
  })
}

/** ∇ log p1 at the candidates, evaluated anew where the estimator had no use for it. */
const targetScore = (problem: PosteriorProblem, x1: tf.Tensor3D, grad: tf.Tensor | undefined): tf.Tensor =>
  grad ?? evaluateTarget(problem, x1, true).grad!
