import { mapTree, type NoiseSpec, type NoiseSpecs } from '@revflow/core'
import { interpolate, reverseFlowMatchingLoss } from '@revflow/flows'
import { type AdamState, adam, type MlpParams, polyak, valueAndGrads } from '@revflow/nn'
import type { TwinCriticParams, TwinCritics } from '@revflow/rl'
import { type Estimator, estimatePosteriorMean, estimatorNoise, resolveEstimator } from '@revflow/stein'
import * as tf from '@tensorflow/tfjs-core'
import { actionRules, repeatRows } from './action-rules.ts'
import { type Batch, defineAgent, type Noise } from './agent.ts'
import { type CriticState, criticLearner, criticMetrics } from './critic-learner.ts'
import { flowPolicy } from './flow-policy.ts'
import { actorRate, wrongOption } from './options.ts'
import { rfmConfig } from './rfm.config.ts'
import { temperatureRule } from './temperature.ts'

type State = CriticState & {
  actor: MlpParams
  actorAdam: AdamState
  /** Running mean of the actor's weights, where the option actorAverage is given */
  actorMean?: MlpParams
  /** What the rule for λ remembers, [] */
  temperature: tf.Scalar
}
type Learned = Pick<State, 'actor' | 'actorAdam' | 'actorMean'>
type Policy = ReturnType<typeof flowPolicy>

/**
 * The regression target of reverse flow matching: Ê[X0|x_t] under π(a|s) ∝ exp(Q(s,a)/λ), Q the minimum of both critics,
 * as what the policy network predicts: the velocity u(x_t, Ê[X0|x_t]) (9), or data, noise or score (Remark 1).
 */
export function rfmTarget(input: {
  readonly policy: Pick<Policy, 'schedule' | 'source' | 'target'>
  readonly critics: Pick<TwinCritics, 'minimum' | 'minimumWithActionGradient'>
  readonly params: TwinCriticParams
  /** s, [B, S] */
  readonly observation: tf.Tensor2D
  /** x_t, [B, A], and t, [B] */
  readonly x: tf.Tensor2D
  readonly t: tf.Tensor1D
  /** λ > 0 */
  readonly lambda: tf.Scalar
  readonly estimator: string | Estimator
  readonly noise: Noise
  /** Whether the target ends at the bounds. */
  readonly bounded: boolean
  /** A guess at E[X1|x_t], [B, A], for proposals around it. */
  readonly centre?: tf.Tensor2D
  /** R: rows come in groups of R with the same s. */
  readonly sharing?: number
}) {
  const { policy, critics, params, observation, x, t, lambda, estimator, noise, bounded, centre, sharing } = input
  const posterior = estimatePosteriorMean(
    {
      schedule: policy.schedule,
      source: policy.source,
      x,
      t,
      logTarget: (actions) => tf.div(critics.minimum(params, observation, actions), lambda),
      logTargetAndGrad: (actions) => {
        const { value, grad } = critics.minimumWithActionGradient(params, observation, actions)
        return { value: tf.div(value, lambda), grad: tf.div(grad, lambda) }
      },
      ...(bounded && { support: { low: -1, high: 1 } }),
      ...(centre && { centre }),
      ...(sharing && { sharing }),
    },
    { estimator, noise },
  )
  return { target: policy.target(posterior.noise, x, t), diagnostics: posterior.diagnostics }
}

/**
 * Reverse Flow Matching (arXiv 2601.08136, Algorithm 1): the network of a flow policy π(a|s) ∝ exp(Q(s,a)/λ) is
 * regressed on posterior means that are estimated from the critics alone. Other methods of the family are settings of it.
 */
export const rfm = defineAgent({
  name: 'rfm',
  reference: 'arXiv 2601.08136, Algorithm 1',
  description: `The velocity field of a flow policy is regressed on u(x_t, Ê[X0|x_t]) (9) at x_t = t a + (1 − t) x0, a from
replay, x0 ~ N(0, I). Ê[X0|x_t] weighs K candidates by softmax(min Q/λ) and adds a Stein control variate (18). Actions end at
their bounds: candidates are drawn from the truncated prior, the test function 1 − a² vanishes on the faces, its coefficient
comes from tempered regression (estimator \`rfm-box\`).`,
  deviations: [
    "The paper's estimator has Gaussian proposals and a constant test function; that form is `rfm-paper`.",
    'λ follows the spread of Q among the candidates; the paper holds it fixed.',
    'Critics have LayerNorm, learning rates are 1e-3, and the policy learns from half of each batch: ours, for two cores.',
  ],
  metrics: {
    ...criticMetrics,
    actorLoss: 'mean_B,A (v_θ(s, x_t, t) − target)²',
    temperature: 'λ',
    effectiveSampleSize: 'mean_B 1/Σ_k w̄_k², w̄ = softmax(min Q/λ)',
    eta: 'mean_B,A η',
    standardError: 'mean_B,A √Σ_k w̄_k² (x0_k + η g_k − Ê[X0|x])²',
    entropy: 'mean −log π(a′|s′), where the entropy term is on',
  },
  config: rfmConfig,
  create(config, spaces, given) {
    const { batchSize, actorBatchSize, candidates, entropy, estimator, noisyActions, backup = 'sample' } = config
    const { actorSteps, actorAverage } = config
    const noisyBatchSize = actorBatchSize * noisyActions
    const { actionSize } = spaces
    const method = resolveEstimator(estimator)
    if (!config.bounded && !method.targets.includes('unbounded'))
      throw wrongOption(
        'estimator',
        'one for targets without bounds, where bounded is false',
        `'${method.name}'`,
        "did you mean 'rfm'?",
      )
    if (config.temperature.kind === 'entropy' && !entropy)
      throw wrongOption('temperature.kind', "the option entropy, where it is 'entropy'", 'none')
    if (config.backup && entropy)
      throw wrongOption(
        'backup',
        'none beside the option entropy, whose backup is a mean over draws',
        `'${config.backup}'`,
      )
    if (noisyActions % actorSteps !== 0) {
      const nearest = nearestDivisor(noisyActions, actorSteps)
      throw wrongOption(
        'actorSteps',
        `a divisor of noisyActions, ${noisyActions}`,
        `${actorSteps}`,
        `did you mean ${nearest}?`,
      )
    }
    const policy = flowPolicy(config, spaces)
    const critics = criticLearner(config, spaces, given)
    const temperature = temperatureRule(config.temperature)
    const optimizer = adam({ learningRate: actorRate(config) })
    const draws = batchSize * (entropy ? entropy.samples : backup === 'best' ? config.bestOf : 1)
    const ownActions = Math.ceil((config.ownActions ?? 0) * actorBatchSize)
    const divergenceGradients = !entropy ? 0 : entropy.divergence === 'exact' ? actionSize : 1

    /** The weights that act: the running mean, where there is one. */
    const acting = ({ actor, actorMean = actor }: State) => actorMean
    const rules = actionRules<State>(config, spaces, {
      noise: policy.noise,
      draw: (state, s, noise) => policy.draw(acting(state), s, noise),
      value: ({ targets }, s, a) => critics.minimum(targets, s, a),
    })

    /** V(s') = Q̄(s', a'), a' by its action rule, or the mean over draws of Q̄(s', a') − λ log π(a'|s') (Remark 6). */
    const nextValue = (state: State, s: tf.Tensor2D, noise: Noise, lambda: tf.Scalar) => {
      if (!entropy) return { value: critics.backedUp(state, s, rules.act(backup, state, s, noise)) }
      const { x, logProb } = policy.drawWithLogProb(acting(state), repeatRows(s, entropy.samples), noise)
      const action = tf.reshape(tf.clipByValue(x, -1, 1), [batchSize, entropy.samples, actionSize])
      const soft = tf.sub(
        critics.backedUp(state, s, action),
        tf.mul(lambda, tf.reshape(logProb, [batchSize, entropy.samples])),
      )
      return { value: tf.mean(soft, 1), entropy: tf.neg(tf.mean(logProb)) as tf.Scalar }
    }

    /** The actions that are noised, [B, A]: draws of the policy for the first of the states, those of replay for the others. */
    const noisedActions = (state: State, s: tf.Tensor2D, replayed: tf.Tensor2D, { own, ownKicks }: Noise) => {
      if (!own) return replayed
      const drawn = policy.draw(acting(state), tf.slice(s, [0, 0], [ownActions, -1]), {
        x0: own,
        ...(ownKicks && { kicks: ownKicks }),
      })
      return tf.concat([drawn, tf.slice(replayed, [ownActions, 0])], 0)
    }

    /** Noisy actions of the batch, noisyActions of each state one after the other, with {@link rfmTarget} at each. */
    const noisyTargets = (state: State, params: TwinCriticParams, batch: Batch, noise: Noise, lambda: tf.Scalar) => {
      const part = (x: tf.Tensor2D) => tf.slice(x, [0, 0], [actorBatchSize, -1])
      const states = part(batch.observation)
      const s = repeatRows(states, noisyActions)
      const a = repeatRows(noisedActions(state, states, part(batch.action), noise), noisyActions)
      const t = policy.times(stratified(noise.t!, noisyActions))
      const { x } = interpolate(policy.schedule, noise.x0 as tf.Tensor2D, a, t)
      const centre = method.needsCentre ? { centre: policy.data(state.actor, s, x, t) } : {}
      const { bounded } = config
      const noisy = { observation: s, x, t, ...centre, sharing: noisyActions }
      const input = { policy, critics, params, lambda, estimator, noise, bounded, ...noisy }
      const { target: raw, diagnostics } = rfmTarget(input)
      const target = config.targetClip === undefined ? raw : clipRows(raw, config.targetClip)
      return { rows: { s, x, t, target }, diagnostics }
    }

    /** The policy network regressed on these targets, in each step on a part of the noisy actions of every state. */
    const learnActor = (state: State, rows: ReturnType<typeof noisyTargets>['rows']) => {
      let { actor, actorAdam } = state
      const losses: tf.Scalar[] = []
      for (let i = 0; i < actorSteps; i++) {
        const { s, x, t, target } = mapTree((row: tf.Tensor) => strided(row, i, actorSteps), rows) as typeof rows
        const loss = (params: MlpParams) => reverseFlowMatchingLoss(policy.predict(params, s, x, t), target)
        const { value, grads } = valueAndGrads(loss, actor)
        const next = optimizer.update({ grads, state: actorAdam, params: actor })
        ;[actor, actorAdam] = [next.params, next.state]
        losses.push(value)
      }
      const { actorMean } = state
      const averaged = actorMean && { actorMean: polyak(actorMean, actor, 1 - actorAverage!) }
      return { learned: { actor, actorAdam, ...averaged }, loss: tf.mean(tf.stack(losses)) as tf.Scalar }
    }

    const ownNoise = policy.noise(ownActions)
    const nextNoise: NoiseSpecs = entropy ? { x0: normal(draws, actionSize) } : rules.noise(backup, batchSize)

    return {
      batchSize,
      nStep: critics.nStep,
      cost: {
        criticEvaluations: draws + (backup === 'best' ? 3 : 2) * batchSize + noisyBatchSize * method.cost(candidates),
        policyEvaluations:
          draws * policy.evaluations * (1 + 2 * divergenceGradients) +
          ownActions * policy.evaluations +
          noisyBatchSize * (method.needsCentre ? 3 : 2),
      },
      noise: {
        act: rules.noise,
        update: {
          ...(nextNoise.x0 && { next: nextNoise.x0 }),
          ...(nextNoise.kicks && { nextKicks: nextNoise.kicks }),
          ...(entropy?.divergence === 'hutchinson' && { probe: normal(draws, actionSize) }),
          ...(ownActions > 0 && { own: ownNoise.x0!, ...(ownNoise.kicks && { ownKicks: ownNoise.kicks }) }),
          t: { shape: [noisyBatchSize], law: 'uniform' },
          x0: normal(noisyBatchSize, actionSize),
          ...estimatorNoise(estimator, { batch: noisyBatchSize, candidates, dim: actionSize }),
        },
      },

      init(rng): State {
        const actor = policy.init(rng)
        const learner = critics.init(rng)
        const mean = actorAverage !== undefined && {
          actorMean: mapTree((leaf: tf.Tensor) => leaf.clone(), actor) as MlpParams,
        }
        return { actor, actorAdam: optimizer.init(actor), ...mean, ...learner, temperature: temperature.init() }
      },

      act: rules.act,

      update(state, batch, noise) {
        const lambda = temperature.lambda(state.temperature, state.criticAdam.step as tf.Scalar)
        const { next, nextKicks, probe } = noise
        const nextDraws = { ...(next && { x0: next }), ...(nextKicks && { kicks: nextKicks }), ...(probe && { probe }) }
        const { value, ...soft } = nextValue(state, batch.nextObservation, nextDraws, lambda)
        const { state: learner, metrics } = critics.learn(state, batch, value)
        const params = config.criticsForPolicy === 'target' ? learner.targets : learner.critics
        const { rows, diagnostics } = noisyTargets(state, params, batch, noise, lambda)
        const { learned, loss } = learnActor(state, rows)
        const ess = tf.mean(diagnostics.ess) as tf.Scalar
        const measured = {
          spread: tf.mul(tf.mean(diagnostics.logTargetStd), lambda) as tf.Scalar,
          effectiveShare: tf.mean(diagnostics.effectiveShare) as tf.Scalar,
          ...(soft.entropy && { entropy: tf.div(soft.entropy, actionSize) as tf.Scalar }),
        }
        return {
          state: {
            ...every(config.policyEvery, learner.criticAdam.step, learned, state),
            ...learner,
            temperature: temperature.next(state.temperature, measured),
          },
          metrics: {
            ...metrics,
            actorLoss: loss,
            temperature: lambda,
            effectiveSampleSize: ess,
            eta: tf.mean(diagnostics.eta),
            standardError: tf.mean(diagnostics.standardError),
            ...(soft.entropy && { entropy: soft.entropy }),
          },
        }
      },
    }
  },
})

/** Uniforms [B] in groups of R, the r-th of a group in [r/R, (r + 1)/R). */
const stratified = (uniform: tf.Tensor, groups: number): tf.Tensor => {
  if (groups === 1) return uniform
  const places = tf.tile(tf.range(0, groups), [uniform.size / groups])
  return tf.div(tf.add(places, uniform), groups)
}

const normal = (...shape: number[]): NoiseSpec => ({ shape, law: 'normal' })

/** Rows longer than `norm` scaled down to it, [B, A]. */
const clipRows = (rows: tf.Tensor2D, norm: number): tf.Tensor2D =>
  tf.mul(rows, tf.minimum(1, tf.div(norm, tf.maximum(tf.norm(rows, 2, 1, true), 1e-12))))

/** Rows i, i + n, i + 2n, … of [N, …]. */
function strided(rows: tf.Tensor, i: number, n: number): tf.Tensor {
  if (n === 1) return rows
  const [count, ...rest] = rows.shape as [number, ...number[]]
  return tf.squeeze(tf.slice(tf.reshape(rows, [count / n, n, ...rest]), [0, i], [-1, 1]), [1])
}

/** The divisor of n that is nearest to a number. */
function nearestDivisor(n: number, to: number): number {
  const divisors = Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0)
  return divisors.reduce((best, d) => (Math.abs(d - to) < Math.abs(best - to) ? d : best))
}

/** What was learned at every n-th step, what was before at the others: a graph has no branches, so both are computed. */
function every(n: number, step: tf.Tensor, learned: Learned, { actor, actorAdam, actorMean }: State): Learned {
  if (n === 1) return learned
  const due = tf.equal(tf.mod(tf.cast(step, 'float32'), n), 0)
  const before = { actor, actorAdam, ...(actorMean && { actorMean }) }
  return mapTree((a: tf.Tensor, b: tf.Tensor) => tf.where(due, a, b), learned, before) as Learned
}
