import * as tf from '@tensorflow/tfjs-core'
import type { ControlVariate } from '../control/control-variate.ts'
import { coefficientsAt, evaluateTarget } from '../posterior.ts'
import type { Proposal } from '../proposals/proposal.ts'
import type { Method } from './method.ts'
import { weightedMean } from './weighted-mean.ts'

/** The two parts of {@link importanceSampling}. */
export interface ImportanceSamplingOptions {
  /** Where candidates are drawn. */
  readonly proposal: Proposal
  /** None: the noise form, which needs no gradient of the target. */
  readonly control?: ControlVariate
}

/**
 * Self-normalised importance sampling (14), with a Stein control variate (18). The noise view and the data view of one
 * set of candidates give the same estimate, as α x1 + β x0 = x: η in the data view is (β²/α²) times η in the noise view,
 * which is the one used here.
 */
export function importanceSampling({ proposal, control }: ImportanceSamplingOptions): Method {
  const { extraEvaluations, needsCentre = false } = proposal
  const needsGradient = control !== undefined || extraEvaluations !== undefined
  return {
    needsGradient,
    needsCentre,
    cost: (candidates) => (control ? 2 : 1) * candidates + 2 * (extraEvaluations ?? 0),
    noise: (size) => proposal.noise(size),
    estimate(problem, noise) {
      const at = coefficientsAt(problem)
      const { logCorrection, evaluation, ...candidates } = proposal.draw(problem, noise, at)
      const { value, grad } = evaluation ?? evaluateTarget(problem, candidates.x1, control !== undefined)
      const logWeights = logCorrection ? tf.add(value, logCorrection) : value
      return weightedMean(problem, { ...candidates, value, grad, logWeights }, control, at)
    },
  }
}
