import { interpolate, reverseFlowMatchingLoss } from '@revflow/flows'
import { type AdamState, adam, type MlpParams, valueAndGrads } from '@revflow/nn'
import type { TwinCriticParams, TwinCritics } from '@revflow/rl'
import * as tf from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { actionRules } from './action-rules.ts'
import { type Batch, defineAgent, type Noise } from './agent.ts'
import { type CriticState, criticLearner, criticMetrics } from './critic-learner.ts'
import { flowPolicyOptions } from './flow-policy.options.ts'
import { flowPolicy } from './flow-policy.ts'
import { actorRate, sharedOptions } from './options.ts'
import { preset } from './preset.ts'

const qsmForm = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('published'),
    scale: z.number().positive().default(50).describe('M_q, factor on the gradient of Q'),
  }),
  z.strictObject({
    kind: z.literal('scaled'),
    temperature: z.number().positive().default(0.1).describe('λ, in units of return'),
  }),
])

const baseConfig = z.strictObject({
  form: qsmForm.prefault({ kind: 'published' }).describe('what the noise network is regressed on'),
  criticsForPolicy: z.enum(['target', 'online']).default('online').describe('whose gradients the policy learns'),
  ...flowPolicyOptions,
  ...sharedOptions,
})
/** Parsed options of `qsm`, defaults filled in. */
export type QsmConfig = z.output<typeof baseConfig>

type State = CriticState & { actor: MlpParams; actorAdam: AdamState }

/**
 * Noise target of Q-score matching at the noisy action itself, without a posterior, [B, A]: −M_q · ½(∇Q1 + ∇Q2) as the
 * authors' code has it (`published`), or −β ∇ min(Q1, Q2)/λ (`scaled`), the score of exp(Q/λ) taken for that of every p_t:
 * right only as β → 0, which is what the posterior means mend.
 */
export function qsmTarget(input: {
  readonly form: QsmConfig['form']
  readonly critics: Omit<TwinCritics, 'init'>
  readonly params: TwinCriticParams
  /** s, [B, S] */
  readonly observation: tf.Tensor2D
  /** x_t, [B, A] */
  readonly x: tf.Tensor2D
  /** β_t, [B] */
  readonly beta: tf.Tensor1D
}): tf.Tensor2D {
  const { form, critics, params, observation, x, beta } = input
  if (form.kind === 'published')
    return tf.mul(-form.scale, critics.meanWithActionGradient(params, observation, x).grad) as tf.Tensor2D
  const { grad } = critics.minimumWithActionGradient(params, observation, x)
  return tf.mul(tf.div(grad, -form.temperature), tf.expandDims(beta, 1)) as tf.Tensor2D
}

const base = defineAgent({
  name: 'qsm',
  reference: 'Q-score matching, arXiv 2312.11752',
  description: `The noise network of a diffusion policy is regressed on −M_q ½(∇Q₁ + ∇Q₂) at x_t itself: no posterior, no
temperature. On a fixed Q this does not sample exp(Q/λ) for any λ; it climbs, with the noise of the sampler.`,
  deviations: [
    'Networks, LayerNorm, learning rates and batches are those of the comparison; the published ones are `qsm-published`.',
  ],
  metrics: {
    ...criticMetrics,
    actorLoss: 'mean_B,A (ε_θ(s, x_t, t) − target)²',
    targetNorm: 'mean_B |target|',
  },
  config: baseConfig,
  create(config, spaces, given) {
    const { batchSize, actorBatchSize, form } = config
    const { actionSize } = spaces
    const policy = flowPolicy(config, spaces)
    const critics = criticLearner(config, spaces, given)
    const optimizer = adam({ learningRate: actorRate(config) })
    const rules = actionRules<State>(config, spaces, {
      noise: policy.noise,
      draw: ({ actor }, s, noise) => policy.draw(actor, s, noise),
      value: ({ targets }, s, a) => critics.minimum(targets, s, a),
    })
    const nextNoise = policy.noise(batchSize)

    const learnActor = (state: State, params: TwinCriticParams, batch: Batch, noise: Noise) => {
      const s = tf.slice(batch.observation, [0, 0], [actorBatchSize, -1])
      const a = tf.slice(batch.action, [0, 0], [actorBatchSize, -1])
      const t = policy.times(noise.t!)
      const { x } = interpolate(policy.schedule, noise.x0 as tf.Tensor2D, a, t)
      const { beta } = policy.schedule.atTensor(t)
      const target = qsmTarget({ form, critics, params, observation: s, x, beta })
      const { value, grads } = valueAndGrads(
        (actor) => reverseFlowMatchingLoss(policy.predict(actor, s, x, t), target),
        state.actor,
      )
      const step = optimizer.update({ grads, state: state.actorAdam, params: state.actor })
      return { actor: step.params, actorAdam: step.state, loss: value, target }
    }

    return {
      batchSize,
      nStep: critics.nStep,
      cost: {
        criticEvaluations: 3 * batchSize + 2 * actorBatchSize,
        policyEvaluations: batchSize * policy.evaluations + 2 * actorBatchSize,
      },
      noise: {
        act: rules.noise,
        update: {
          next: nextNoise.x0!,
          ...(nextNoise.kicks && { nextKicks: nextNoise.kicks }),
          t: { shape: [actorBatchSize], law: 'uniform' },
          x0: { shape: [actorBatchSize, actionSize], law: 'normal' },
        },
      },

      init(rng): State {
        const actor = policy.init(rng)
        return { actor, actorAdam: optimizer.init(actor), ...critics.init(rng) }
      },

      act: rules.act,

      update(state, batch, noise) {
        const { next, nextKicks } = noise
        const s = batch.nextObservation
        const action = policy.draw(state.actor, s, { x0: next!, ...(nextKicks && { kicks: nextKicks }) })
        const { state: learner, metrics } = critics.learn(state, batch, critics.backedUp(state, s, action))
        const params = config.criticsForPolicy === 'target' ? learner.targets : learner.critics
        const { actor, actorAdam, loss, target } = learnActor(state, params, batch, noise)
        return {
          state: { actor, actorAdam, ...learner },
          metrics: { ...metrics, actorLoss: loss, targetNorm: tf.mean(tf.norm(target, 2, 1)) as tf.Scalar },
        }
      },
    }
  },
})

/** Q-score matching (arXiv 2312.11752) in the form of the authors' code. */
export const qsm = preset(base, {
  options: {
    schedule: { kind: 'ddpm-vp' },
    prediction: 'noise',
    sampler: 'ancestral',
    odeSteps: 5,
    exploration: { noise: 0.1 },
  },
})

/** The form that a posterior mean would have at β → 0. */
export const qsmScaled = preset(qsm, {
  name: 'qsm-scaled',
  description: `The noise network of a diffusion policy is regressed on −β ∇ min(Q₁, Q₂)/λ at x_t itself: the score of
exp(Q/λ) taken for the score of every p_t, right only as β → 0. Without a posterior, it is too sharp.`,
  deviations: ["The authors' code has −M_q ½(∇Q₁ + ∇Q₂), which is `qsm`.", ...base.deviations],
  options: { form: { kind: 'scaled' } },
})

export const qsmPublished = preset(qsm, {
  name: 'qsm-published',
  deviations: ["The policy's learning rate alone decays, over 1,000,000 updates, whatever the run's length."],
  options: {
    hidden: [512, 512],
    criticLayerNorm: false,
    actorLearningRate: 3e-4,
    actorDecay: { shape: 'cosine', to: 0, updates: 1_000_000 },
    criticLearningRate: 3e-4,
    batchSize: 256,
    actorBatchSize: 256,
  },
})
