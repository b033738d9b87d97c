import { mapTree, type Rng } from '@revflow/core'
import { type AdamState, adam, polyak, valueAndGrads } from '@revflow/nn'
import { criticLoss, lowerBound, type TwinCriticParams, type TwinCritics, tdTarget, twinCritics } from '@revflow/rl'
import * as tf from '@tensorflow/tfjs-core'
import type { Batch, Spaces } from './agent.ts'
import { type SharedConfig, wrongOption } from './options.ts'

export type CriticState = {
  critics: TwinCriticParams
  criticAdam: AdamState
  targets: TwinCriticParams
}

/**
 * The critics that all agents share: twin networks, their Adam and their Polyak averages.
 * @throws RevflowError (`invalid-option`) where the policy is to learn from more than the batch
 */
export function criticLearner(config: SharedConfig, spaces: Spaces, given?: TwinCritics) {
  if (config.actorBatchSize > config.batchSize)
    throw wrongOption('actorBatchSize', `at most batchSize, ${config.batchSize}`, `${config.actorBatchSize}`)
  const critics =
    given ??
    twinCritics({
      ...spaces,
      hidden: config.hidden,
      activation: config.criticActivation,
      layerNorm: config.criticLayerNorm,
    })
  const optimizer = adam({ learningRate: config.criticLearningRate })
  const nStep = { steps: config.nStep ?? 1, discount: config.discount }
  return {
    ...critics,
    nStep,
    init(rng: Rng): CriticState {
      const params = critics.init(rng)
      const targets = mapTree((leaf: tf.Tensor) => leaf.clone(), params) as TwinCriticParams
      return { critics: params, criticAdam: optimizer.init(params), targets }
    },
    /** Q̄(s', a') as it is backed up, by the target critics: actions [B, A] or [B, K, A], values [B] or [B, K]. */
    backedUp({ targets }: CriticState, observation: tf.Tensor2D, action: tf.Tensor): tf.Tensor {
      if (config.pessimism === undefined) return critics.minimum(targets, observation, action)
      return lowerBound(critics.apply(targets, observation, action), config.pessimism)
    },
    /** Both critics regressed on y = r + γ^n (1 − terminated) V(s'), V [B]. */
    learn(state: CriticState, batch: Batch, nextValue: tf.Tensor) {
      const reward = tf.mul(config.rewardScale, batch.reward)
      const target = tdTarget({ ...batch, reward, discount: nStep.discount ** nStep.steps, nextValue })
      const { value, grads } = valueAndGrads(
        (params) => criticLoss(critics.apply(params, batch.observation, batch.action), target),
        state.critics,
      )
      const { params, state: criticAdam } = optimizer.update({ grads, state: state.criticAdam, params: state.critics })
      const targets = polyak(state.targets, params, config.targetRate)
      return {
        state: { critics: params, criticAdam, targets } satisfies CriticState,
        metrics: { criticLoss: value, targetValue: tf.mean(target) as tf.Scalar },
      }
    },
  }
}

/** What `learn` measures, for the page of each agent. */
export const criticMetrics = {
  criticLoss: '½ Σ_i mean_B (Q_i(s, a) − y)²',
  targetValue: 'mean_B y, y = r + γ^n (1 − terminated) V(s′)',
}
