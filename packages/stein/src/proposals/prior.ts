import { RevflowError } from '@revflow/core'
import { isGaussian } from '@revflow/schedules'
import * as tf from '@tensorflow/tfjs-core'
import type { Box, PosteriorProblem } from '../problem.ts'
import { type Coefficients3D, type EstimateSize, type Proposal, requireGaussian, toData } from './proposal.ts'
import { truncatedNormal } from './truncated-normal.ts'

const shapeOf = ({ batch, candidates, dim }: EstimateSize) => [batch, candidates, dim]

/** x0 = m + g z, [B, K, d] */
const fromStandard = (problem: PosteriorProblem, z: tf.Tensor) => {
  const { mean, scale } = requireGaussian(problem)
  return tf.add(mean, tf.mul(scale, z)) as tf.Tensor3D
}

/** Which candidates have a coordinate outside of the support, [B, K] */
const outside = (x1: tf.Tensor, { low, high }: Box) => tf.any(tf.logicalOr(tf.less(x1, low), tf.greater(x1, high)), -1)

/** X0 ~ p0: the paper's choice (14). For a target that is positive everywhere. */
export const sourceProposal: Proposal = {
  name: 'source',
  noise: ({ source, ...size }) => ({
    candidates: { shape: shapeOf(size), law: source && !isGaussian(source) ? source : 'normal' },
  }),
  draw(problem, { candidates }, at) {
    const x0 = isGaussian(problem.source) ? fromStandard(problem, candidates!) : (candidates as tf.Tensor3D)
    const x1 = toData(problem.x, x0, at)
    return { x0, x1, ...(problem.support && { clipped: outside(x1, problem.support) }) }
  },
}

/** X0 ~ p0 with x1 clipped to the support and x0 kept: right for a target that is constant outside (SDAC). */
export const clippedProposal: Proposal = {
  ...sourceProposal,
  name: 'clipped',
  draw(problem, noise, at) {
    const drawn = sourceProposal.draw(problem, noise, at)
    if (!problem.support) return drawn
    const { low, high } = problem.support
    return { ...drawn, x1: tf.clipByValue(drawn.x1, low, high) as tf.Tensor3D }
  },
}

/** The interval of x0 that keeps x1 in the support, [B, 1, d]. */
export function legalInterval({ x, support }: PosteriorProblem, { alpha, beta }: Coefficients3D) {
  if (!support) return undefined
  const centre = tf.expandDims(x, 1)
  return {
    low: tf.div(tf.sub(centre, tf.mul(alpha, support.high)), beta),
    high: tf.div(tf.sub(centre, tf.mul(alpha, support.low)), beta),
  }
}

/**
 * X0 ~ p0 truncated so that every x1 lies in the support. Its normaliser is the same for all candidates, so the
 * weights need no correction.
 */
export const truncatedProposal: Proposal = {
  name: 'truncated',
  noise: (size) => ({ candidates: { shape: shapeOf(size), law: 'uniform' } }),
  draw(problem, { candidates }, at) {
    const interval = legalInterval(problem, at)
    if (!interval)
      throw new RevflowError({
        code: 'missing-support',
        path: 'problem.support',
        expected: 'bounds of the data, for truncated proposals',
        received: 'none',
        hint: 'give support, or use an estimator with source proposals such as rfm',
      })
    const { mean, scale } = requireGaussian(problem)
    const standard = (bound: tf.Tensor) => tf.div(tf.sub(bound, mean), scale)
    const x0 = fromStandard(problem, truncatedNormal(candidates!, standard(interval.low), standard(interval.high)))
    // rounding may leave the support by a hair, where a boundary-vanishing function changes its sign
    const x1 = tf.clipByValue(toData(problem.x, x0, at), problem.support!.low, problem.support!.high)
    return { x0, x1 }
  },
}

/** {@link truncatedProposal} where there are bounds, {@link sourceProposal} where there are none; from uniforms in both. */
export function drawPrior(problem: PosteriorProblem, uniform: tf.Tensor, at: Coefficients3D) {
  if (problem.support) return truncatedProposal.draw(problem, { candidates: uniform }, at)
  const far = tf.scalar(8) // beyond what a float32 uniform can reach
  return sourceProposal.draw(problem, { candidates: truncatedNormal(uniform, tf.neg(far), far) }, at)
}
