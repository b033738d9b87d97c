import { RevflowError } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'
import { evaluateTarget } from '../posterior.ts'
import type { PosteriorProblem } from '../problem.ts'
import { unit } from './mixture.ts'
import { drawPrior } from './prior.ts'
import { type Coefficients3D, type Proposal, toNoise } from './proposal.ts'
import { drawTruncated, logTruncatedDensity, priorLaw, type TruncatedLaw } from './truncated-law.ts'

/** Options of {@link pooledProposal}. */
export interface PooledOptions {
  /** σ around the centre, in half-widths of the support (units where there is none), at most the prior's; none: no centre. */
  readonly sigma?: number
}

/**
 * Draws from the prior, or half of them around `problem.centre`, shared: where R rows in a row have one target
 * (`problem.sharing`), each of them is estimated from the candidates of all, R·K, weighted by the density of the mixture of
 * all that they were drawn from (deterministic-mixture weights). The target is evaluated at K candidates a row all the same.
 * The weights are the balance heuristic of Veach and Guibas (SIGGRAPH 1995).
 * @throws RevflowError (`invalid-option`) where R does not divide the number of rows, (`missing-centre`)
 */
export const pooledProposal = ({ sigma }: PooledOptions = {}): Proposal => {
  const around = (k: number) => (sigma === undefined ? 0 : Math.floor(k / 2))
  return {
    name: sigma === undefined ? 'pooled' : 'pooled-centred',
    ...(sigma !== undefined && { needsCentre: true }),
    noise({ batch, candidates, dim }) {
      const uniform = (k: number) => ({ shape: [batch, k, dim], law: 'uniform' as const })
      const second = around(candidates)
      return { candidates: uniform(candidates - second), ...(second > 0 && { around: uniform(second) }) }
    },
    draw(problem, noise, at) {
      const first = drawPrior(problem, noise.candidates!, at).x1
      const centred = noise.around && centreLaw(problem, sigma!, at)
      const own = centred ? (tf.concat([first, drawTruncated(centred, noise.around!)], 1) as tf.Tensor3D) : first
      const { value, grad } = evaluateTarget(problem, own, true)
      const [batch, k] = own.shape
      const { sharing = 1 } = problem
      const groups = batch / sharing
      if (!Number.isInteger(groups))
        throw new RevflowError({
          code: 'invalid-option',
          path: 'problem.sharing',
          expected: `a divisor of the number of rows, ${batch}`,
          received: `${sharing}`,
        })
      /** What each row has of its candidates, [B, K, …], as every row of its group sees it, [B, R·K, …]. */
      const pool = <T extends tf.Tensor>(x: T): T => {
        const rest = x.shape.slice(2)
        const ones = rest.map(() => 1)
        const shared = tf.reshape(x, [groups, 1, sharing * k, ...rest])
        return tf.reshape(tf.tile(shared, [1, sharing, 1, ...ones]), [batch, sharing * k, ...rest]) as T
      }
      const x1 = pool(own)
      // the pooled candidates are the same for all rows of a group, whose densities there are the mixture's parts
      const prior = logTruncatedDensity(priorLaw(problem, at), x1)
      const share = first.shape[1] / k
      const drawn = centred
        ? logAddExp(tf.add(prior, Math.log(share)), tf.add(logTruncatedDensity(centred, x1), Math.log(1 - share)))
        : prior
      const densities = tf.reshape(drawn, [groups, sharing, sharing * k])
      const all = tf.tile(tf.logSumExp(densities, 1, true), [1, sharing, 1])
      const logCorrection = tf.sub(prior, tf.reshape(all, [batch, sharing * k]))
      return {
        x0: toNoise(problem.x, x1, at),
        x1,
        logCorrection,
        evaluation: { value: pool(value), grad: pool(grad!) },
      }
    },
  }
}

/**
 * A truncated normal around `problem.centre`, as wide as the prior or `sigma` half-widths of the support.
 * @throws RevflowError (`missing-centre`)
 */
function centreLaw(problem: PosteriorProblem, sigma: number, at: Coefficients3D): TruncatedLaw {
  if (!problem.centre)
    throw new RevflowError({
      code: 'missing-centre',
      path: 'problem.centre',
      expected: 'a guess at E[X1|x], for proposals around it',
      received: 'none',
    })
  const width = tf.minimum(sigma * unit(problem), priorLaw(problem, at).sigma)
  return { mean: tf.expandDims(problem.centre, 1), sigma: width, support: problem.support }
}

/** log(eᵃ + eᵇ), elementwise. */
const logAddExp = (a: tf.Tensor, b: tf.Tensor) => tf.logSumExp(tf.stack([a, b]), 0)
