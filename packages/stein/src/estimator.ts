import { lookUp, type NoiseSpec, RevflowError } from '@revflow/core'
import { isGaussian } from '@revflow/schedules'
import * as tf from '@tensorflow/tfjs-core'
import type { Coefficient } from './coefficients/coefficients.ts'
import type { PosteriorMean, PosteriorProblem } from './problem.ts'
import type { Candidates, Coefficients3D, Proposal } from './proposals/proposal.ts'
import { legalInterval } from './proposals/proposals.ts'
import type { TestFunction } from './test-functions/test-functions.ts'

/** A Stein control variate: a test function and how much of it to add. */
export interface ControlVariate {
  readonly testFunction: TestFunction
  readonly coefficient: Coefficient
}

/**
 * A posterior-mean estimator: candidates weighted by the target, and a control variate on top. The noise view and the
 * data view of one set of candidates give the same estimate, as α x1 + β x0 = x: η in the data view is
 * (β²/α²) times η in the noise view, which is the one used here.
 */
export interface Estimator {
  readonly name: string
  /** The paper, method or section it comes from. */
  readonly reference: string
  readonly proposal: Proposal
  /** None: the noise form, which needs no gradient of the target. */
  readonly control?: ControlVariate
}

const registry: Record<string, Estimator> = {}

/** Declares an estimator; `registerEstimator` makes it known by name. */
export const defineEstimator = (estimator: Estimator): Estimator => estimator

/** @throws RevflowError (`duplicate-name`) */
export function registerEstimator(estimator: Estimator): void {
  if (Object.hasOwn(registry, estimator.name))
    throw new RevflowError({
      code: 'duplicate-name',
      path: 'registerEstimator',
      expected: 'a new name',
      received: `'${estimator.name}'`,
    })
  registry[estimator.name] = estimator
}

export const listEstimators = (): Estimator[] => Object.values(registry)

/** The estimator of a name, or the one given. @throws RevflowError (`unknown-name`) naming the nearest */
export const resolveEstimator = (estimator: string | Estimator): Estimator =>
  typeof estimator === 'string' ? lookUp('estimator', estimator, registry) : estimator

/** The noise an estimator consumes for B problems with K candidates in d dimensions. */
export const estimatorNoise = (
  estimator: string | Estimator,
  { batch, candidates, dim }: { batch: number; candidates: number; dim: number },
): { readonly candidates: NoiseSpec } => ({
  candidates: resolveEstimator(estimator).proposal.noise(batch, candidates, dim),
})

/**
 * Estimates E[X0|x] and E[X1|x] for B problems at once.
 * @param noise what `estimatorNoise` asks for: `candidates` [B, K, d]
 * @throws RevflowError (`unknown-name`, `missing-gradient`, `missing-support`, `unsupported-source`)
 */
export function estimatePosteriorMean(
  problem: PosteriorProblem,
  { estimator: chosen, noise }: { estimator: string | Estimator; noise: { readonly candidates?: tf.Tensor } },
): PosteriorMean {
  const estimator = resolveEstimator(chosen)
  return tidy(() => {
    const at = coefficientsAt(problem)
    return estimate(
      problem,
      estimator.proposal.draw(problem, noise.candidates as tf.Tensor3D, at),
      estimator.control,
      at,
    )
  })
}

/** The same from candidates drawn elsewhere: x0 [B, K, d]. */
export function estimateFromCandidates(
  problem: PosteriorProblem,
  { x0, x1, control }: { x0: tf.Tensor3D; x1: tf.Tensor3D; control?: ControlVariate },
): PosteriorMean {
  return tidy(() => estimate(problem, { x0, x1 }, control, coefficientsAt(problem)))
}

/** tf.tidy for results whose type is a named record, which TypeScript does not take for a container. */
const tidy = <T>(body: () => T): T => tf.tidy(body as unknown as () => tf.TensorContainer) as T

function coefficientsAt({ schedule, t }: PosteriorProblem): Coefficients3D {
  const { alpha, beta } = schedule.atTensor(t)
  return { alpha: tf.reshape(alpha, [-1, 1, 1]), beta: tf.reshape(beta, [-1, 1, 1]) }
}

/** Self-normalised importance sampling (14) with a Stein control variate (18). */
function estimate(
  problem: PosteriorProblem,
  candidates: Candidates,
  control: ControlVariate | undefined,
  at: Coefficients3D,
): PosteriorMean {
  const { x0: f, x1, logCorrection } = candidates
  const { value, grad } = evaluate(problem, x1, control !== undefined)
  const logWeights = logCorrection ? tf.add(value, logCorrection) : value
  const weights = tf.expandDims(tf.softmax(logWeights), 2) // w̄, [B, K, 1]
  const mean = tf.sum(tf.mul(weights, f), 1, true)

  let corrected: tf.Tensor = f
  let eta: tf.Tensor = tf.zeros([1, 1, 1])
  if (control && grad) {
    const score = tf.sub(problem.source.score!(f), tf.mul(tf.div(at.beta, at.alpha), grad)) // (22)
    const g = control.testFunction({ x1, score, at, support: problem.support })
    const variance = isGaussian(problem.source) ? problem.source.scale ** 2 : 1
    eta = control.coefficient({ weights, f, g, mean, sourceVariance: variance })
    corrected = tf.add(f, tf.mul(eta, g))
  }
  const raw = control ? tf.sum(tf.mul(weights, corrected), 1, true) : mean
  const interval = legalInterval(problem, at)
  const noise = interval && control ? tf.minimum(tf.maximum(raw, interval.low), interval.high) : raw
  const data = tf.div(tf.sub(tf.expandDims(problem.x, 1), tf.mul(at.beta, noise)), at.alpha)
  return {
    noise: tf.squeeze(noise, [1]),
    data: tf.squeeze(data, [1]),
    diagnostics: diagnose({ weights, value, residual: tf.sub(corrected, raw), eta, candidates }),
  }
}

function evaluate(problem: PosteriorProblem, x1: tf.Tensor3D, needsGradient: boolean) {
  if (!needsGradient) return { value: problem.logTarget(x1), grad: undefined }
  if (problem.logTargetAndGrad && problem.source.score) return problem.logTargetAndGrad(x1)
  throw new RevflowError({
    code: 'missing-gradient',
    path: problem.logTargetAndGrad ? 'problem.source.score' : 'problem.logTargetAndGrad',
    expected: 'a function, for estimators with a control variate',
    received: 'none',
    hint: 'give it, or use an estimator without one such as qne',
  })
}

function diagnose(input: {
  weights: tf.Tensor
  value: tf.Tensor
  residual: tf.Tensor
  eta: tf.Tensor
  candidates: Candidates
}): PosteriorMean['diagnostics'] {
  const { weights, value, residual, eta, candidates } = input
  const [batch, , dim] = residual.shape as [number, number, number]
  const w = tf.squeeze(weights, [2])
  const { clipped } = candidates
  return {
    ess: tf.reciprocal(tf.sum(tf.square(w), 1)),
    maxWeight: tf.max(w, 1),
    eta: tf.reshape(tf.add(eta, tf.zeros([batch, 1, dim])), [batch, dim]),
    standardError: tf.sqrt(tf.sum(tf.square(tf.mul(weights, residual)), 1)),
    clipped: clipped ? tf.mean(tf.cast(clipped, 'float32'), 1) : tf.zeros([batch]),
    logTargetStd: tf.sqrt(tf.mean(tf.square(tf.sub(value, tf.mean(value, 1, true))), 1)),
  }
}
