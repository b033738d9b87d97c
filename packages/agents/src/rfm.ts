import { mapTree, type NoiseSpec, type NoiseSpecs } from '@revflow/core'
import { interpolate, reverseFlowMatchingLoss, sampleOde, velocityTarget } from '@revflow/flows'
import { type AdamState, adam, fourierFeatures, type MlpParams, mlp, polyak, valueAndGrads } from '@revflow/nn'
import { criticLoss, type TwinCriticParams, tdTarget, twinCritics } from '@revflow/rl'
import { gaussian, linearFlow } from '@revflow/schedules'
import { estimatePosteriorMean, estimatorNoise } from '@revflow/stein'
import * as tf from '@tensorflow/tfjs-core'
import { type Batch, defineAgent, type Noise } from './agent.ts'
import { rfmConfig } from './rfm.config.ts'

const normal = (...shape: number[]): NoiseSpec => ({ shape, law: 'normal' })
const uniform = (...shape: number[]): NoiseSpec => ({ shape, law: 'uniform' })

type State = {
  actor: MlpParams
  actorAdam: AdamState
  critics: TwinCriticParams
  criticAdam: AdamState
  targets: TwinCriticParams
  /** Running mean of std_k Q(s, a_k), in units of return, [] */
  spread: tf.Scalar
}

/**
 * Reverse Flow Matching (arXiv 2601.08136, Algorithm 1): the velocity field of a flow policy π(a|s) ∝ exp(Q(s,a)/λ)
 * is regressed on posterior means that are estimated from the critics alone.
 */
export const rfm = defineAgent({
  name: 'rfm',
  reference: 'arXiv 2601.08136, Algorithm 1',
  config: rfmConfig,
  create(config, { observationSize, actionSize }) {
    const { batchSize, actorBatchSize, candidates, odeSteps, temperature } = config
    const schedule = linearFlow({ tMin: config.tMin, tMax: config.tMax })
    const source = gaussian({ dim: actionSize })
    const time = fourierFeatures({ size: config.timeFeatures })
    const actor = mlp({
      inputs: [observationSize, actionSize, config.timeFeatures],
      hidden: config.hidden,
      outputs: actionSize,
      activation: config.actorActivation,
    })
    const critics = twinCritics({
      observationSize,
      actionSize,
      hidden: config.hidden,
      activation: config.criticActivation,
      layerNorm: config.criticLayerNorm,
    })
    const actorAdam = adam({ learningRate: config.actorLearningRate })
    const criticAdam = adam({ learningRate: config.criticLearningRate })

    const candidateNoiseSpecs = estimatorNoise(config.estimator, { batch: actorBatchSize, candidates, dim: actionSize })
    const spreadDecay = temperature.kind === 'spread' ? temperature.decay : 0
    /** λ, [] */
    const temperatureOf = (spread: tf.Scalar) =>
      temperature.kind === 'fixed'
        ? tf.scalar(temperature.value)
        : (tf.maximum(tf.mul(temperature.scale, spread), temperature.floor) as tf.Scalar)

    /** v_θ(x, t | s), [B, A]; outside the interval trained on, the nearest time within it */
    const velocity = (params: MlpParams, s: tf.Tensor2D, x: tf.Tensor2D, t: tf.Tensor1D) =>
      actor.apply(params, [s, x, time(tf.clipByValue(t, config.tMin, config.tMax))]) as tf.Tensor2D
    /** a = the flow of x0 to t = 1, clipped to the bounds, [B, A] */
    const flow = (params: MlpParams, s: tf.Tensor2D, x0: tf.Tensor2D) =>
      tf.clipByValue(sampleOde({ velocity: (x, t) => velocity(params, s, x, t), x0, steps: odeSteps }), -1, 1)

    /** min(Q1, Q2) regressed on the policy's own next action (theory: section 6). */
    const learnCritics = (state: State, batch: Batch, x0: tf.Tensor2D) => {
      const nextAction = flow(state.actor, batch.nextObservation, x0)
      const nextValue = critics.minimum(state.targets, batch.nextObservation, nextAction)
      const target = tdTarget({ ...batch, discount: config.discount, nextValue })
      const { value, grads } = valueAndGrads(
        (params) => criticLoss(critics.apply(params, batch.observation, batch.action), target),
        state.critics,
      )
      const { params, state: optimizer } = criticAdam.update({ grads, state: state.criticAdam, params: state.critics })
      return { critics: params, criticAdam: optimizer, loss: value, target }
    }

    /** Velocity regressed on u(x_t, Ê[X0|x_t]) (9), the posterior mean estimated from the critics. */
    const learnActor = (state: State, params: TwinCriticParams, batch: Batch, noise: Noise) => {
      const s = tf.slice(batch.observation, [0, 0], [actorBatchSize, -1])
      const a = tf.slice(batch.action, [0, 0], [actorBatchSize, -1])
      const t = tf.add(config.tMin, tf.mul(noise.t!, config.tMax - config.tMin)) as tf.Tensor1D
      const { x } = interpolate(schedule, noise.x0 as tf.Tensor2D, a as tf.Tensor2D, t)
      const lambda = temperatureOf(state.spread)
      const posterior = estimatePosteriorMean(
        {
          schedule,
          source,
          x,
          t,
          logTarget: (actions) => tf.div(critics.minimum(params, s, actions), lambda),
          logTargetAndGrad: (actions) => {
            const { value, grad } = critics.minimumWithActionGradient(params, s, actions)
            return { value: tf.div(value, lambda), grad: tf.div(grad, lambda) }
          },
          support: { low: -1, high: 1 },
        },
        { estimator: config.estimator, noise },
      )
      const target = velocityTarget({ schedule, x, t, posterior })
      const { value, grads } = valueAndGrads(
        (policy) => reverseFlowMatchingLoss(velocity(policy, s, x, t), target),
        state.actor,
      )
      const { params: policy, state: optimizer } = actorAdam.update({
        grads,
        state: state.actorAdam,
        params: state.actor,
      })
      return { actor: policy, actorAdam: optimizer, loss: value, lambda, diagnostics: posterior.diagnostics }
    }
    return {
      batchSize,
      noise: {
        act: (rule, n): NoiseSpecs =>
          rule === 'mode' ? {} : { x0: normal(rule === 'best' ? n * config.bestOf : n, actionSize) },
        update: {
          next: normal(batchSize, actionSize),
          t: uniform(actorBatchSize),
          x0: normal(actorBatchSize, actionSize),
          ...candidateNoiseSpecs,
        },
      },

      init(rng): State {
        const initial = { actor: actor.init(rng), critics: critics.init(rng) }
        return {
          ...initial,
          actorAdam: actorAdam.init(initial.actor),
          criticAdam: criticAdam.init(initial.critics),
          targets: mapTree((leaf: tf.Tensor) => leaf.clone(), initial.critics) as TwinCriticParams,
          spread: tf.scalar(0),
        }
      },

      act(rule, state, observation, { x0 }) {
        const [n] = observation.shape
        if (rule === 'mode') return flow(state.actor, observation, tf.zeros([n, actionSize]))
        if (rule === 'sample') return flow(state.actor, observation, x0 as tf.Tensor2D)
        const repeated = tf.reshape(tf.tile(tf.expandDims(observation, 1), [1, config.bestOf, 1]), [
          -1,
          observationSize,
        ])
        const actions = tf.reshape(flow(state.actor, repeated as tf.Tensor2D, x0 as tf.Tensor2D), [
          n,
          config.bestOf,
          actionSize,
        ])
        const best = tf.argMax(critics.minimum(state.targets, observation, actions), 1)
        const chosen = tf.expandDims(tf.oneHot(best as tf.Tensor1D, config.bestOf), 2)
        return tf.sum(tf.mul(actions, chosen), 1) as tf.Tensor2D
      },

      update(state, batch, noise) {
        const learned = learnCritics(state, batch, noise.next as tf.Tensor2D)
        const targets = polyak(state.targets, learned.critics, config.targetRate)
        const policyCritics = config.criticsForPolicy === 'target' ? targets : learned.critics
        const policy = learnActor(state, policyCritics, batch, noise)
        const spreadNow = tf.mul(tf.mean(policy.diagnostics.logTargetStd), policy.lambda) as tf.Scalar
        return {
          state: {
            actor: policy.actor,
            actorAdam: policy.actorAdam,
            critics: learned.critics,
            criticAdam: learned.criticAdam,
            targets,
            spread: tf.add(tf.mul(spreadDecay, state.spread), tf.mul(1 - spreadDecay, spreadNow)) as tf.Scalar,
          },
          metrics: {
            criticLoss: learned.loss,
            targetValue: tf.mean(learned.target),
            actorLoss: policy.loss,
            temperature: policy.lambda,
            effectiveSampleSize: tf.mean(policy.diagnostics.ess),
            eta: tf.mean(policy.diagnostics.eta),
            standardError: tf.mean(policy.diagnostics.standardError),
          },
        }
      },
    }
  },
})
