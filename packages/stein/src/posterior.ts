import { RevflowError } from '@revflow/core'
import { sourceScore } from '@revflow/schedules'
import * as tf from '@tensorflow/tfjs-core'
import type { PosteriorProblem } from './problem.ts'
import type { Coefficients3D, Evaluation } from './proposals/proposal.ts'

/** α and β of a problem, for its candidates. */
export function coefficientsAt({ schedule, t }: PosteriorProblem): Coefficients3D {
  const { alpha, beta } = schedule.atTensor(t)
  return { alpha: tf.reshape(alpha, [-1, 1, 1]), beta: tf.reshape(beta, [-1, 1, 1]) }
}

/** log p1 at candidates, with its gradient where asked for. @throws RevflowError (`missing-gradient`) */
export function evaluateTarget(problem: PosteriorProblem, x1: tf.Tensor3D, needsGradient: boolean): Evaluation {
  if (!needsGradient) return { value: problem.logTarget(x1) }
  if (problem.logTargetAndGrad) return problem.logTargetAndGrad(x1)
  throw new RevflowError({
    code: 'missing-gradient',
    path: 'problem.logTargetAndGrad',
    expected: 'a function, for estimators that use gradients',
    received: 'none',
    hint: 'give it, or use an estimator without one such as qne',
  })
}

/**
 * Posterior scores in both views, [B, K, d]: ∇ log p(x0|x) = ∇ log p0(x0) − (β/α) ∇ log p1(x1) (22), and
 * ∇ log p(x1|x) = −(α/β) times it.
 */
export function posteriorScore(
  { source }: PosteriorProblem,
  { x0, grad }: { readonly x0: tf.Tensor; readonly grad: tf.Tensor },
  { alpha, beta }: Coefficients3D,
): { readonly noise: tf.Tensor; readonly data: tf.Tensor } {
  const noise = tf.sub(sourceScore(source, x0), tf.mul(tf.div(beta, alpha), grad))
  return { noise, data: tf.neg(tf.mul(tf.div(alpha, beta), noise)) }
}
