import { activationNames } from '@revflow/nn'
import { z } from 'zod'

const positive = z.number().positive()
const rate = z.number().positive().max(1)

/** λ held fixed. */
const fixedTemperature = z.strictObject({
  kind: z.literal('fixed'),
  value: positive.default(0.1).describe('λ, in units of return'),
})
/** λ proportional to the spread of Q: max(floor, scale · running mean of std_k Q(s, a_k)). */
const spreadTemperature = z.strictObject({
  kind: z.literal('spread'),
  scale: positive.default(0.3).describe('λ over the running spread of Q among the candidates'),
  floor: positive.default(0.01).describe('the least λ, in units of return'),
  decay: z.number().min(0).max(1).default(0.99).describe('decay of the running mean'),
})

/** Options of RFM with their defaults: what was found to learn fastest on two cores, see docs/agents/rfm.md. */
export const rfmConfig = z.strictObject({
  estimator: z.string().default('rfm-box').describe('posterior-mean estimator, a name of listEstimators()'),
  candidates: z.int().min(1).default(16).describe('K, candidates for each noisy action'),
  temperature: z.discriminatedUnion('kind', [spreadTemperature, fixedTemperature]).prefault({ kind: 'spread' }),
  hidden: z.array(z.int().min(1)).min(1).default([128, 128]).describe('hidden layers of the policy and the critics'),
  actorActivation: z.enum(activationNames).default('silu'),
  criticActivation: z.enum(activationNames).default('relu'),
  criticLayerNorm: z.boolean().default(true).describe('LayerNorm before each activation of the critics'),
  actorLearningRate: positive.default(1e-3),
  criticLearningRate: positive.default(1e-3),
  batchSize: z.int().min(1).default(128).describe('B, transitions an update'),
  actorBatchSize: z.int().min(1).default(64).describe('transitions of the batch that also train the policy'),
  discount: z.number().min(0).max(1).default(0.99).describe('γ, for each decision'),
  targetRate: rate.default(0.005).describe('τ of the Polyak average'),
  criticsForPolicy: z.enum(['target', 'online']).default('target').describe('whose minimum weights the candidates'),
  odeSteps: z.int().min(1).default(10).describe('Euler steps from noise to action'),
  tMin: z.number().min(0).max(1).default(0.05).describe('least time trained on'),
  tMax: z.number().min(0).max(1).default(1).describe('greatest time trained on'),
  timeFeatures: z.int().min(2).default(16).describe('Fourier features of time'),
  bestOf: z.int().min(1).default(16).describe("draws the action rule 'best' chooses from"),
})
export type RfmConfig = z.output<typeof rfmConfig>
