import { checkTensorflow, lookUp, type NoiseSpecs, RevflowError } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'
import type { ControlVariate } from './control/control-variate.ts'
import type { Method } from './methods/method.ts'
import { weightedMean } from './methods/weighted-mean.ts'
import { coefficientsAt, evaluateTarget } from './posterior.ts'
import type { PosteriorMean, PosteriorProblem } from './problem.ts'
import type { EstimateSize, NoiseTensors } from './proposals/proposal.ts'

/** A posterior-mean estimator by name. */
export interface Estimator extends Method {
  readonly name: string
  /** The paper, method or section it comes from. */
  readonly reference: string
  /** Kinds of target whose posterior means it converges to: positive everywhere, or zero outside of `support`. */
  readonly targets: readonly ('unbounded' | 'bounded')[]
}

const registry: Record<string, Estimator> = {}

/** Declares an estimator; `registerEstimator` makes it known by name. */
export const defineEstimator = (estimator: Estimator): Estimator => estimator

/** Makes an estimator known by its name, in this process. @throws RevflowError (`duplicate-name`) */
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

/** Every estimator known by name, the presets first. */
export const listEstimators = (): Estimator[] => Object.values(registry)

/** The estimator of a name, or the one given. @throws RevflowError (`unknown-name`) naming the nearest */
export const resolveEstimator = (estimator: string | Estimator): Estimator =>
  typeof estimator === 'string' ? lookUp('estimator', estimator, registry) : estimator

/** The noise an estimator consumes for B problems with K candidates in d dimensions. */
export const estimatorNoise = (estimator: string | Estimator, size: EstimateSize): NoiseSpecs =>
  resolveEstimator(estimator).noise(size)

/**
 * Estimates E[X0|x] and E[X1|x] for B problems at once.
 * @param noise what `estimatorNoise` asks for, by name
 * @throws RevflowError (`unknown-name`, `missing-gradient`, `missing-support`, `missing-score`, `unsupported-source`,
 *   `two-tensorflows`)
 */
export function estimatePosteriorMean(
  problem: PosteriorProblem,
  { estimator, noise }: { estimator: string | Estimator; noise: NoiseTensors },
): PosteriorMean {
  checkTensorflow(tf)
  const method = resolveEstimator(estimator)
  return tidy(() => method.estimate(problem, noise))
}

/** The estimate from candidates drawn elsewhere: x0 and x1, [B, K, d], weighted by the target alone. */
export function estimateFromCandidates(
  problem: PosteriorProblem,
  { x0, x1, control }: { x0: tf.Tensor3D; x1: tf.Tensor3D; control?: ControlVariate },
): PosteriorMean {
  return tidy(() => {
    const { value, grad } = evaluateTarget(problem, x1, control !== undefined)
    return weightedMean(problem, { x0, x1, value, grad, logWeights: value }, control, coefficientsAt(problem))
  })
}

/** tf.tidy for results whose type is a named record, which TypeScript does not take for a container. */
const tidy = <T>(body: () => T): T => tf.tidy(body as unknown as () => tf.TensorContainer) as T
