import * as tf from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { fixedTemperature, wrongOption } from './options.ts'

const positive = z.number().positive()
const initial = positive.default(0.1).describe('λ at first')
/** Log of the least λ that a rule steers to: a target out of reach must not end at λ = 0. */
const LEAST = Math.log(1e-6)
const rate = positive.default(0.003).describe('change of log λ for each update and unit of what is missed')

/** How λ is chosen: max(floor, scale · running mean of std_k Q(s, a_k)), fixed, or steered towards a target from 1e-6 on. */
export const temperatureSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('spread'),
    scale: positive.default(0.3).describe('λ over the running spread of Q among the candidates'),
    floor: positive.default(0.01).describe('the least λ, in units of return'),
    decay: z.number().min(0).max(1).default(0.99).describe('decay of the running mean'),
    anneal: z
      .strictObject({
        from: positive.default(0.1).describe('the floor at first'),
        updates: z.int().min(1).default(10_000).describe('updates until it is `floor`, log λ on a line'),
      })
      .optional()
      .describe('a floor that falls; none: `floor` from the first'),
  }),
  fixedTemperature,
  z.strictObject({
    kind: z.literal('ess'),
    target: positive.max(1).default(0.4).describe('effective sample size wanted, as a share of the candidates'),
    initial,
    rate,
  }),
  z.strictObject({
    kind: z.literal('entropy'),
    target: z.number().default(-0.5).describe('entropy of π(·|s) wanted, in nats for each coordinate of the action'),
    initial,
    rate,
  }),
])
export type TemperatureConfig = z.output<typeof temperatureSchema>

/** What an update finds, to steer λ by; all []. */
export interface Measured {
  /** std_k Q(s, a_k), in units of return */
  readonly spread: tf.Scalar
  /** Effective sample size as a share of the candidates */
  readonly effectiveShare: tf.Scalar
  /** Entropy for each coordinate of the action, where log π is known */
  readonly entropy?: tf.Scalar
}

/** A rule for λ with its memory in one number, []: the running spread, or log λ. */
export interface TemperatureRule {
  init(): tf.Scalar
  /** λ, [], after so many updates, [] */
  lambda(memory: tf.Scalar, updates: tf.Scalar): tf.Scalar
  next(memory: tf.Scalar, measured: Measured): tf.Scalar
}

/** @throws RevflowError (`invalid-option`) where a floor that is to fall would rise */
export function temperatureRule(config: TemperatureConfig): TemperatureRule {
  if (config.kind === 'fixed')
    return { init: () => tf.scalar(0), lambda: () => tf.scalar(config.value), next: (memory) => memory }
  if (config.kind === 'spread') {
    const { scale, floor, decay, anneal } = config
    if (anneal && anneal.from < floor)
      throw wrongOption('temperature.anneal.from', `at least floor, ${floor}`, `${anneal.from}`)
    const least = (updates: tf.Scalar) => {
      if (!anneal) return floor
      const left = tf.relu(tf.sub(1, tf.div(updates, anneal.updates)))
      return tf.mul(floor, tf.exp(tf.mul(left, Math.log(anneal.from / floor))))
    }
    return {
      init: () => tf.scalar(0),
      lambda: (spread, updates) => tf.maximum(tf.mul(scale, spread), least(updates)),
      next: (running, { spread }) => tf.add(tf.mul(decay, running), tf.mul(1 - decay, spread)),
    }
  }
  const { kind, target, initial, rate } = config
  return {
    init: () => tf.scalar(Math.log(initial)),
    lambda: (log) => tf.exp(log),
    // both rise with λ
    next(log, { effectiveShare, entropy }) {
      const missed = tf.sub(target, kind === 'ess' ? effectiveShare : entropy!)
      return tf.maximum(tf.add(log, tf.mul(rate, tf.clipByValue(missed, -1, 1))), LEAST)
    },
  }
}
