import { type GaussianSource, gaussian, linearFlow, type Schedule, veGeometric, warpTime } from '@revflow/schedules'
import {
  type Coefficient,
  coefficients,
  defineEstimator,
  type Estimator,
  importanceSampling,
  resolveEstimator,
  sourceProposal,
  testFunctions,
  twoStageProposal,
} from '@revflow/stein'
import * as tf from '@tensorflow/tfjs'
import type { Energy } from './energies/energy.ts'

/** How a sampler is trained: everything that differs between the compared methods. */
export interface Method {
  readonly schedule: Schedule
  /** The same paths at another pace: equal steps of t are equal ratios of noise to data. Samplers go by it. */
  readonly pace: Schedule
  readonly source: GaussianSource
  readonly estimator: Estimator
  /** What the squared error is taken of: E[X0|x] (which is the score's, weighted by β²), velocity or score. */
  readonly loss: 'noise' | 'velocity' | 'score'
  /** Norm that the score of the target is clipped to. */
  readonly scoreClip?: number
  /** How many times the candidates, for as many times fewer points a batch; 1 unless given. */
  readonly candidateFactor?: number
  /** Whether the target's support is used. */
  readonly bounded: boolean
}

/**
 * The preset rfm-two-stage at a width that suits the energy, its regressed η held between the noise form, 0, and the
 * gradient form, g², and shrunk where few candidates count: energies as steep as these give single candidates forces of
 * any size, from which a free regression extrapolates.
 */
const twoStage = ({ proposalSigma, support }: Energy, scale: number): Estimator =>
  defineEstimator({
    name: 'rfm-two-stage',
    reference: 'revflow: two-stage proposals, regression η in [0, g²], shrunk',
    targets: ['unbounded', 'bounded'],
    ...importanceSampling({
      // a width counts in half-widths of the support where there is one
      proposal: twoStageProposal({
        sigma: support ? (2 * proposalSigma) / (support.high - support.low) : proposalSigma,
      }),
      control: {
        testFunction: testFunctions.boundaryVanishing,
        coefficient: coefficients.shrunk(
          coefficients.clipped(coefficients.temperedRegression, 0, scale ** 2),
          SHRINKAGE,
        ),
      },
    }),
  })

/** Effective samples at which η lies halfway between what regression says and where it shrinks to. */
const SHRINKAGE = 4

/** Regression η in [0, g²] that shrinks to the gradient form, g², where few candidates count: forces still say where to go. */
const towardsGradient: Coefficient = (input) => {
  const { weights, sourceVariance } = input
  const ess = tf.reciprocal(tf.sum(tf.square(weights), 1, true))
  const trust = tf.div(ess, tf.add(ess, SHRINKAGE))
  return coefficients
    .clipped(
      coefficients.temperedRegression,
      0,
      sourceVariance,
    )(input)
    .map((eta) => tf.add(sourceVariance, tf.mul(trust, tf.sub(eta, sourceVariance))))
}

const blended = defineEstimator({
  name: 'rfm-blend',
  reference: 'revflow: regression η in [0, g²], shrunk to the gradient form',
  targets: ['unbounded'],
  ...importanceSampling({
    proposal: sourceProposal,
    control: { testFunction: testFunctions.constantDiagonal, coefficient: towardsGradient },
  }),
})

const exploding = ({ dim, sigmaMin, sigmaMax }: Energy) => {
  const schedule = veGeometric({ sigmaMin, sigmaMax })
  return { schedule, pace: schedule, source: gaussian({ dim }) }
}

/** A linear flow at the pace of the variance-exploding schedule: β/α a geometric sequence in time. */
function geometricPace(flow: Schedule): Schedule {
  const ratio = (t: number) => (1 - t) / t
  // a hair wider than the interval, whose ends rounding must not lose
  const [first, last] = [ratio(flow.tMin) * (1 + 1e-9), ratio(flow.tMax) * (1 - 1e-9)]
  return warpTime(flow, 'geometric', (s, m) => {
    const noise = m.mul(m.exp(m.mul(s, Math.log(last / first))), first)
    const value = m.div(m.add(m.mul(noise, 0), 1), m.add(noise, 1))
    return { value, derivative: m.mul(m.mul(m.mul(value, value), noise), -Math.log(last / first)) }
  })
}

const unbounded = (energy: Energy, estimator: string | Estimator): Method => ({
  ...exploding(energy),
  estimator: resolveEstimator(estimator),
  loss: 'noise',
  bounded: false,
})

/** The methods by name; trained ones share network, loop, batch and candidates, so their cost is the same. */
export const methods: Readonly<Record<string, (energy: Energy) => Method>> = {
  /** iDEM: gradient form (29), variance exploding, clipped scores; the loss is its own, weighted for the mixture alone. */
  idem: (energy) => ({
    ...unbounded(energy, 'idem'),
    loss: energy.particles ? 'score' : 'noise',
    scoreClip: energy.scoreClip,
  }),
  /** iDEM at about its published number of candidates, for as many evaluations. */
  'idem-wide': (energy) => ({ ...methods.idem!(energy), candidateFactor: 8 }),
  /** The same as idem with the paper's optimal η (20), unclipped. */
  rfm: (energy) => unbounded(energy, 'rfm'),
  /** iDEM's clipping and loss, with η between the gradient form and what regression says. */
  'rfm-blend': (energy) => ({ ...methods.idem!(energy), estimator: blended }),
  /** The same as rfm with two-stage proposals and regression η. */
  'rfm-two-stage': (energy) => ({ ...unbounded(energy, twoStage(energy, 1)), bounded: energy.support !== undefined }),
  /** The paper's linear flow, regressing velocities, with those estimates. */
  'rfm-flow': (energy) => {
    const schedule = linearFlow(flowInterval(energy))
    return {
      schedule,
      pace: geometricPace(schedule),
      source: gaussian({ dim: energy.dim, scale: energy.scale }),
      estimator: twoStage(energy, energy.scale),
      loss: 'velocity',
      bounded: energy.support !== undefined,
    }
  },
  /** Without gradients: the noise form, for comparison without training. */
  rsm: (energy) => unbounded(energy, 'rsm'),
  /** Sequential Monte Carlo for every posterior mean, for comparison without training. */
  smc: (energy) => unbounded(energy, 'smc'),
}

/** What is compared unless a command says otherwise. */
export const compared = {
  trained: ['idem', 'idem-wide', 'rfm', 'rfm-blend', 'rfm-two-stage', 'rfm-flow'],
  'training-free': ['idem', 'rsm', 'rfm', 'rfm-blend', 'rfm-two-stage', 'rfm-flow', 'smc'],
} as const

/**
 * Times of the linear flow from the noise level β s/α = σ_max to σ_min; with bounds, where proposals stay legal however
 * wide, from nearly pure noise.
 */
const flowInterval = ({ scale, sigmaMin, sigmaMax, support }: Energy) => ({
  tMin: support ? 0.02 : scale / (scale + sigmaMax),
  tMax: scale / (scale + sigmaMin),
})
