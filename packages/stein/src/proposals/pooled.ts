import { RevflowError } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'
import { evaluateTarget } from '../posterior.ts'
import { drawPrior } from './prior.ts'
import { type Proposal, toNoise } from './proposal.ts'
import { logTruncatedDensity, priorLaw } from './truncated-law.ts'

/**
 * Draws from the prior, shared: where R rows in a row have one target (`problem.sharing`), each of them is estimated from
 * the candidates of all, R·K, weighted by the density of the R priors' mixture (deterministic-mixture weights). The target
 * is evaluated at K candidates a row all the same. The weights are the balance heuristic of Veach and Guibas (SIGGRAPH
 * 1995). @throws RevflowError (`invalid-option`) where R does not divide the number of rows
 */
export const pooledProposal: Proposal = {
  name: 'pooled',
  noise: ({ batch, candidates, dim }) => ({ candidates: { shape: [batch, candidates, dim], law: 'uniform' } }),
  draw(problem, { candidates }, at) {
    const own = drawPrior(problem, candidates!, at)
    const { value, grad } = evaluateTarget(problem, own.x1, true)
    const [batch, k] = own.x1.shape
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
    const x1 = pool(own.x1)
    // a row of the group is a prior, and the pooled candidates are the same for all: its densities are the mixture's parts
    const prior = logTruncatedDensity(priorLaw(problem, at), x1)
    const densities = tf.reshape(prior, [groups, sharing, sharing * k])
    const logCorrection = tf.reshape(tf.sub(densities, tf.logSumExp(densities, 1, true)), [batch, sharing * k])
    return { x0: toNoise(problem.x, x1, at), x1, logCorrection, evaluation: { value: pool(value), grad: pool(grad!) } }
  },
}
