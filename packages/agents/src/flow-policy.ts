import type { NoiseSpecs, Rng } from '@revflow/core'
import { sampleAncestral, sampleOde, sampleSde, sampleWithLogDensity } from '@revflow/flows'
import { fourierFeatures, type MlpParams, mlp } from '@revflow/nn'
import { convertPrediction, type DiscreteSchedule, gaussian, type Prediction, type Schedule } from '@revflow/schedules'
import * as tf from '@tensorflow/tfjs-core'
import type { Noise, Spaces } from './agent.ts'
import { type FlowPolicyConfig, scheduleOf } from './flow-policy.options.ts'
import { type SharedConfig, wrongOption } from './options.ts'

const BOUNDS = { low: -1, high: 1 }
/** The float before 1, to which draws near it round: at 1 no noise is left whose mean could be taken. */
const LAST_TIME = 1 - 2 ** -24

/**
 * A policy a = x_1 of a flow or diffusion from noise, whose network predicts velocity, data, noise or score at
 * (s, x_t, t) (Remark 1): s [B, S], x and actions [B, A], t [B].
 * @throws RevflowError (`invalid-option`) where the sampler cannot follow the schedule
 */
export function flowPolicy(config: FlowPolicyConfig & SharedConfig, { observationSize, actionSize }: Spaces) {
  const { prediction, sampler, odeSteps: steps, timeFeatures } = config
  const schedule = scheduleOf(config)
  const source = gaussian({ dim: actionSize })
  const time = fourierFeatures({ size: timeFeatures })
  const network = mlp({
    inputs: [observationSize, actionSize, timeFeatures],
    hidden: config.hidden,
    outputs: actionSize,
    activation: config.actorActivation,
  })
  // a velocity is regular at both ends; what it is converted from, and the score that an SDE needs, is not
  const regular = prediction === 'velocity' && sampler !== 'sde'
  const [from, to] = regular ? [0, 1] : [schedule.tMin, schedule.tMax]
  checkSampler(config, schedule.at(from).alpha)
  const start = gaussian({ dim: actionSize, scale: schedule.at(from).beta })

  /** The network's prediction; outside the interval trained on, that of the nearest time within it. */
  const predict = (params: MlpParams, s: tf.Tensor2D, x: tf.Tensor2D, t: tf.Tensor1D) =>
    network.apply(params, [s, x, time(tf.clipByValue(t, schedule.tMin, schedule.tMax))]) as tf.Tensor2D
  const predictAs =
    (kind: Prediction, params: MlpParams, s: tf.Tensor2D) =>
    (x: tf.Tensor2D, t: tf.Tensor1D): tf.Tensor2D =>
      convertPrediction({ schedule, source, from: prediction, to: kind, value: predict(params, s, x, t), x, t })
  const clip = (x: tf.Tensor2D) => tf.clipByValue(x, BOUNDS.low, BOUNDS.high)
  const kicks = { ode: 0, sde: steps, ancestral: steps - 1 }[sampler]

  return {
    schedule,
    source,
    /** Network evaluations a draw. */
    evaluations: steps,
    init: (rng: Rng): MlpParams => network.init(rng),
    predict,

    /** Times to train on, [B], from uniforms [B]. */
    times(uniform: tf.Tensor): tf.Tensor1D {
      if (isDiscrete(schedule)) return tf.div(tf.minimum(tf.floor(tf.mul(uniform, steps)), steps - 1), steps)
      const t = tf.add(schedule.tMin, tf.mul(uniform, schedule.tMax - schedule.tMin))
      return tf.minimum(t, LAST_TIME) as tf.Tensor1D
    },

    /** What the network is regressed on where E[X0|x] is known, [B, A]. */
    target: (noise: tf.Tensor2D, x: tf.Tensor2D, t: tf.Tensor1D): tf.Tensor2D =>
      convertPrediction({ schedule, source, from: 'noise', to: prediction, value: noise, x, t }),

    /** The policy's own E[X1|x], [B, A], within the bounds. */
    data: (params: MlpParams, s: tf.Tensor2D, x: tf.Tensor2D, t: tf.Tensor1D): tf.Tensor2D =>
      clip(predictAs('data', params, s)(x, t)),

    /** The noise of n draws. */
    noise(n: number): NoiseSpecs {
      const x0 = { shape: [n, actionSize], law: 'normal' as const }
      return kicks === 0 ? { x0 } : { x0, kicks: { shape: [kicks, n, actionSize], law: 'normal' } }
    },

    /** A draw for each row of s, within the bounds. */
    draw(params: MlpParams, s: tf.Tensor2D, noise: Noise): tf.Tensor2D {
      const x0 = tf.mul(start.scale, noise.x0!) as tf.Tensor2D
      const velocity = predictAs('velocity', params, s)
      if (sampler === 'ode') return clip(sampleOde({ velocity, x0, steps, from, to }))
      const kicks = noise.kicks as tf.Tensor3D
      const score = predictAs('score', params, s)
      const sigma = (t: number) => reverseNoise(schedule, t)
      if (sampler === 'sde') return clip(sampleSde({ velocity, score, sigma, x0, noise: kicks, from, to }))
      const data = predictAs('data', params, s)
      return clip(sampleAncestral({ schedule: onGrid(schedule, steps), data, x0, noise: kicks, support: BOUNDS }))
    },

    /**
     * A draw by the flow, before it is clipped, with log π(a|s), [B] (Remark 6): whatever the sampler, as the flow has
     * the same marginals. Noise x0 and, for Hutchinson's divergence, `probe`, [B, A]; none: the exact one.
     */
    drawWithLogProb(params: MlpParams, s: tf.Tensor2D, { x0, probe }: Noise) {
      return sampleWithLogDensity({
        velocity: predictAs('velocity', params, s),
        x0: tf.mul(start.scale, x0!) as tf.Tensor2D,
        logProb: start.logProb,
        steps,
        from,
        to,
        ...(probe && { probe: probe as tf.Tensor2D }),
      })
    },
  }
}

/** Refuses what would draw no action. `signal`: α where sampling starts. */
function checkSampler({ sampler, prediction, schedule: { kind } }: FlowPolicyConfig, signal: number): void {
  if (sampler === 'ancestral' && (kind === 'linear-flow' || kind === 've-geometric'))
    throw wrongOption(
      'sampler',
      `ode or sde, as α² + β² = 1 does not hold for the schedule ${kind}`,
      "'ancestral'",
      "did you mean 'ode'?",
    )
  if (signal < 1e-9 && (sampler === 'sde' || prediction === 'noise' || prediction === 'score'))
    throw wrongOption(
      'tMin',
      `more than 0, as α = 0 there for the schedule ${kind}, and ${sampler} steps of a ${prediction} divide by it`,
      '0',
    )
}

/** σ with which the SDE is the exact reverse of the noising: σ² = 2(α' β²/α − β β'). */
function reverseNoise(schedule: Schedule, t: number): number {
  const { alpha, beta, alphaDot, betaDot } = schedule.at(t)
  return Math.sqrt(Math.max(0, 2 * beta * ((alphaDot * beta) / alpha - betaDot)))
}

const isDiscrete = (schedule: Schedule): schedule is DiscreteSchedule => 'rates' in schedule

/** A variance-preserving schedule on N equal steps of its interval, the last of them to the data. */
function onGrid(schedule: Schedule, steps: number): DiscreteSchedule {
  if (isDiscrete(schedule)) return schedule
  const { tMin } = schedule
  const grid = Array.from({ length: steps + 1 }, (_, i) => (i === steps ? 1 : tMin + ((1 - tMin) * i) / steps))
  const signal = grid.map((t, i) => (i === steps ? 1 : schedule.at(t).alpha ** 2))
  // b_n = 1 − α²(t_n)/α²(t_(n−1)), n counted from the data
  const rates = Array.from({ length: steps }, (_, n) => 1 - signal[steps - n - 1]! / signal[steps - n]!)
  return { ...schedule, grid, rates }
}
