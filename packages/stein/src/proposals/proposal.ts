import { type NoiseSpecs, RevflowError } from '@revflow/core'
import { type GaussianSource, isGaussian, type Source } from '@revflow/schedules'
import * as tf from '@tensorflow/tfjs-core'
import type { PosteriorProblem } from '../problem.ts'

/** α and β of a problem as [B, 1, 1]. */
export interface Coefficients3D {
  readonly alpha: tf.Tensor3D
  readonly beta: tf.Tensor3D
}

/** How many problems, candidates and dimensions noise is asked for. */
export interface EstimateSize {
  /** B */
  readonly batch: number
  /** K */
  readonly candidates: number
  /** d */
  readonly dim: number
  /** Needed where it is not Gaussian. */
  readonly source?: Source
}

/** Noise by name, drawn as a method's `noise` asks. */
export type NoiseTensors = Readonly<Record<string, tf.Tensor>>

/** log p1 and its gradient at candidates. */
export interface Evaluation {
  /** [B, K] */
  readonly value: tf.Tensor
  /** [B, K, d]; none where no gradient was asked for */
  readonly grad?: tf.Tensor | undefined
}

/** Candidates in both views, x = α x1 + β x0. */
export interface Candidates {
  /** [B, K, d] */
  readonly x0: tf.Tensor3D
  /** [B, K, d] */
  readonly x1: tf.Tensor3D
  /** log of posterior over proposal density without the target's factor, up to a constant a row, [B, K]; none: constant */
  readonly logCorrection?: tf.Tensor
  /** Which candidates were clipped to the support, bool [B, K]; none: no candidate */
  readonly clipped?: tf.Tensor
  /** The target at the candidates where drawing them took it already. */
  readonly evaluation?: Evaluation
}

/** Where candidates for X0 given x are drawn from. */
export interface Proposal {
  readonly name: string
  /** Evaluations of the target with its gradient that drawing takes besides one at each candidate. */
  readonly extraEvaluations?: number
  /** Whether it draws around the problem's `centre`; none: it does not. */
  readonly needsCentre?: boolean
  /** The noise it consumes. */
  noise(size: EstimateSize): NoiseSpecs
  draw(problem: PosteriorProblem, noise: NoiseTensors, at: Coefficients3D): Candidates
}

/**
 * The same proposal fed by scrambled Sobol points: each candidate keeps its law, and the K of a problem spread evenly over
 * it. The stated standard error, which takes candidates for independent, is then an upper bound.
 */
export const sobolProposal = (proposal: Proposal): Proposal => ({
  ...proposal,
  name: `${proposal.name}-sobol`,
  noise: (size) =>
    Object.fromEntries(
      Object.entries(proposal.noise(size)).map(([name, spec]) => [
        name,
        spec.law === 'uniform' && spec.shape.length === 3 ? { ...spec, law: 'sobol' as const } : spec,
      ]),
    ),
})

/** x1 = (x − β x0)/α, [B, K, d] */
export const toData = (x: tf.Tensor2D, x0: tf.Tensor, { alpha, beta }: Coefficients3D): tf.Tensor3D =>
  tf.div(tf.sub(tf.expandDims(x, 1), tf.mul(beta, x0)), alpha)

/** x0 = (x − α x1)/β, [B, K, d] */
export const toNoise = (x: tf.Tensor2D, x1: tf.Tensor, { alpha, beta }: Coefficients3D): tf.Tensor3D =>
  tf.div(tf.sub(tf.expandDims(x, 1), tf.mul(alpha, x1)), beta)

/** @throws RevflowError (`unsupported-source`) */
export function requireGaussian({ source }: PosteriorProblem): GaussianSource {
  if (isGaussian(source)) return source
  throw new RevflowError({
    code: 'unsupported-source',
    path: 'proposal',
    expected: 'a Gaussian source',
    received: source.name,
    hint: 'estimators that draw from the source itself, such as rfm or rsm, take any',
  })
}
