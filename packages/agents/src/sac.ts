import { type AdamState, activations, adam, type MlpParams, mlp, valueAndGrads } from '@revflow/nn'
import type { TwinCriticParams } from '@revflow/rl'
import * as tf from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { actionRules } from './action-rules.ts'
import { type Batch, defineAgent } from './agent.ts'
import { type CriticState, criticLearner, criticMetrics } from './critic-learner.ts'
import { actorRate, fixedTemperature, sharedOptions } from './options.ts'
import { preset } from './preset.ts'

/** Bounds of log σ, beyond which a normal is a point or has nothing of the policy. */
const LOG_SIGMA = { least: -20, most: 2 }

export const sacConfig = z.strictObject({
  temperature: z
    .discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('learned'),
        initial: z.number().positive().default(1).describe('λ at first'),
        learningRate: z.number().positive().default(3e-4).describe('of Adam, log λ'),
        targetEntropy: z.number().default(-1).describe('entropy wanted, in nats for each coordinate of the action'),
      }),
      fixedTemperature,
    ])
    .prefault({ kind: 'learned' })
    .describe('how λ is chosen'),
  criticsForPolicy: z.enum(['target', 'online']).default('online').describe('whose minimum the policy climbs'),
  ...sharedOptions,
})
/** Parsed options of `sac`, defaults filled in. */
export type SacConfig = z.output<typeof sacConfig>

type State = CriticState & {
  actor: MlpParams
  actorAdam: AdamState
  /** log λ, [], and its Adam */
  logTemperature: tf.Scalar
  temperatureAdam: AdamState
}

/**
 * The law of a = tanh(u), u ~ N(μ, σ²) in each coordinate: a draw and log π(a|s) = log N(u; μ, σ²) − Σ_j log(1 − a_j²).
 * @param mean μ, [B, A]
 * @param logSigma log σ, [B, A]
 * @param noise standard normals, [B, A]
 */
export function squashedGaussian({
  mean,
  logSigma,
  noise,
}: Readonly<Record<'mean' | 'logSigma' | 'noise', tf.Tensor>>) {
  const u = tf.add(mean, tf.mul(tf.exp(logSigma), noise))
  const logNormal = tf.sub(tf.mul(-0.5, tf.add(tf.square(noise), Math.log(2 * Math.PI))), logSigma)
  // log(1 − tanh² u) = 2 (log 2 − u − softplus(−2u)) keeps its digits where tanh u rounds to ±1
  const logSlope = tf.mul(2, tf.sub(Math.LN2, tf.add(u, activations.softplus(tf.mul(-2, u)))))
  return {
    action: activations.tanh(u) as tf.Tensor2D,
    logProb: tf.sum(tf.sub(logNormal, logSlope), -1) as tf.Tensor1D,
  }
}

/**
 * Loss of log λ: log λ · (mean H − H̄) with the entropy H = −log π held fixed, so that λ falls while the policy has more
 * entropy than wanted; all [].
 */
export const temperatureLoss = (logTemperature: tf.Tensor, logProb: tf.Tensor, targetEntropy: number): tf.Scalar =>
  tf.mul(logTemperature, tf.sub(tf.neg(tf.mean(logProb)), targetEntropy))

/** V(s') = Q̄(s', a') − λ log π(a'|s'), [B], Q̄ as it is backed up. */
export const softValue = (q: tf.Tensor, logProb: tf.Tensor, lambda: tf.Tensor): tf.Tensor1D =>
  tf.sub(q, tf.mul(lambda, logProb))

/** Loss of the policy: mean_B (λ log π(a|s) − min Q(s, a)), []. */
export const policyLoss = (minimum: tf.Tensor, logProb: tf.Tensor, lambda: tf.Tensor): tf.Scalar =>
  tf.neg(tf.mean(softValue(minimum, logProb, lambda)))

/** Soft actor-critic with learned temperature (arXiv 1812.05905). */
export const sac = defineAgent({
  name: 'sac',
  reference: 'Soft actor-critic, arXiv 1812.05905',
  description: `A Gaussian squashed by tanh climbs min Q(s, a) − λ log π(a|s), a = tanh(μ(s) + σ(s) ε); λ is learned so
that the entropy is −1 for each coordinate of the action. The policy has one mode whatever Q is.`,
  deviations: [
    'Networks, LayerNorm, learning rates and batches are those of the comparison; the published ones are `sac-published`.',
  ],
  metrics: {
    ...criticMetrics,
    actorLoss: 'mean_B (λ log π(a|s) − min Q(s, a))',
    temperature: 'λ',
    entropy: '−mean_B log π(a|s)',
  },
  config: sacConfig,
  create(config, spaces, given) {
    const { batchSize, actorBatchSize, temperature } = config
    const { observationSize, actionSize } = spaces
    const critics = criticLearner(config, spaces, given)
    const network = mlp({
      inputs: [observationSize],
      hidden: config.hidden,
      outputs: 2 * actionSize,
      activation: config.actorActivation,
    })
    const optimizer = adam({ learningRate: actorRate(config) })
    const learned = temperature.kind === 'learned' ? temperature : undefined
    const temperatureOptimizer = adam({ learningRate: learned?.learningRate ?? 1 })

    const policy = (params: MlpParams, s: tf.Tensor2D, noise: tf.Tensor) => {
      const [mean, logSigma] = tf.split(network.apply(params, [s]), 2, -1) as [tf.Tensor, tf.Tensor]
      return squashedGaussian({ mean, logSigma: tf.clipByValue(logSigma, LOG_SIGMA.least, LOG_SIGMA.most), noise })
    }

    const learnActor = (state: State, params: TwinCriticParams, batch: Batch, noise: tf.Tensor, lambda: tf.Tensor) => {
      const s = tf.slice(batch.observation, [0, 0], [actorBatchSize, -1])
      const { value, grads } = valueAndGrads((actor) => {
        const { action, logProb } = policy(actor, s, noise)
        return policyLoss(critics.minimum(params, s, action), logProb, lambda)
      }, state.actor)
      const { params: actor, state: actorAdam } = optimizer.update({
        grads,
        state: state.actorAdam,
        params: state.actor,
      })
      return { actor, actorAdam, loss: value, logProb: policy(state.actor, s, noise).logProb }
    }

    const learnTemperature = ({ logTemperature, temperatureAdam }: State, logProb: tf.Tensor) => {
      if (!learned) return { logTemperature, temperatureAdam }
      const { grads } = valueAndGrads(({ log }) => temperatureLoss(log, logProb, learned.targetEntropy * actionSize), {
        log: logTemperature,
      })
      const step = temperatureOptimizer.update({ grads, state: temperatureAdam, params: { log: logTemperature } })
      return { logTemperature: step.params.log, temperatureAdam: step.state }
    }

    const noise = (n: number) => ({ x0: { shape: [n, actionSize], law: 'normal' as const } })
    const rules = actionRules<State>(config, spaces, {
      noise,
      draw: ({ actor }, s, { x0 }) => policy(actor, s, x0!).action,
      value: ({ targets }, s, a) => critics.minimum(targets, s, a),
    })

    return {
      batchSize,
      nStep: critics.nStep,
      cost: {
        criticEvaluations: 3 * batchSize + 2 * actorBatchSize,
        policyEvaluations: batchSize + 2 * actorBatchSize,
      },
      noise: { act: rules.noise, update: { next: noise(batchSize).x0, policy: noise(actorBatchSize).x0 } },

      init(rng): State {
        const actor = network.init(rng)
        const logTemperature = tf.scalar(
          Math.log(temperature.kind === 'learned' ? temperature.initial : temperature.value),
        )
        return {
          actor,
          actorAdam: optimizer.init(actor),
          ...critics.init(rng),
          logTemperature,
          temperatureAdam: temperatureOptimizer.init({ log: logTemperature }),
        }
      },

      act: rules.act,

      update(state, batch, { next, policy: own }) {
        const lambda = tf.exp(state.logTemperature) as tf.Scalar
        const s = batch.nextObservation
        const { action, logProb } = policy(state.actor, s, next!)
        const { state: learner, metrics } = critics.learn(
          state,
          batch,
          softValue(critics.backedUp(state, s, action), logProb, lambda),
        )
        const params = config.criticsForPolicy === 'target' ? learner.targets : learner.critics
        const { actor, actorAdam, loss, logProb: current } = learnActor(state, params, batch, own!, lambda)
        return {
          state: { actor, actorAdam, ...learner, ...learnTemperature(state, current) },
          metrics: { ...metrics, actorLoss: loss, temperature: lambda, entropy: tf.neg(tf.mean(current)) as tf.Scalar },
        }
      },
    }
  },
})

export const sacPublished = preset(sac, {
  name: 'sac-published',
  deviations: ['Random decisions at first are an option of the run: 10,000 of them as published, `randomSteps`.'],
  options: {
    hidden: [256, 256],
    actorActivation: 'relu',
    criticLayerNorm: false,
    actorLearningRate: 3e-4,
    criticLearningRate: 3e-4,
    batchSize: 256,
    actorBatchSize: 256,
  },
})
