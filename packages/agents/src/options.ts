import { RevflowError } from '@revflow/core'
import { activationNames, constant, cosineDecay, linearDecay, type Schedule } from '@revflow/nn'
import { z } from 'zod'

const positive = z.number().positive()

const decaySchema = z.strictObject({
  shape: z.enum(['linear', 'cosine']).describe('a line, or half a cosine'),
  to: z.number().min(0).describe('the learning rate reached'),
  updates: z.int().min(1).describe('after so many updates of the policy'),
})

/** Options that all agents share, so that a comparison changes nothing but the method. */
export const sharedOptions = {
  hidden: z.array(z.int().min(1)).min(1).default([128, 128]).describe('hidden layers of the policy and the critics'),
  actorActivation: z.enum(activationNames).default('silu').describe('activation of the policy network'),
  criticActivation: z.enum(activationNames).default('relu').describe('activation of the critics'),
  criticLayerNorm: z.boolean().default(true).describe('LayerNorm before each activation of the critics'),
  actorLearningRate: positive.default(1e-3).describe('of Adam, policy'),
  actorDecay: decaySchema.optional().describe("decay of the policy's learning rate; none: constant"),
  criticLearningRate: positive.default(1e-3).describe('of Adam, critics'),
  batchSize: z.int().min(1).default(128).describe('B, transitions an update'),
  actorBatchSize: z.int().min(1).default(64).describe('transitions of the batch that also train the policy'),
  discount: z.number().min(0).max(1).default(0.99).describe('γ, for each decision'),
  nStep: z
    .int()
    .min(1)
    .optional()
    .describe(
      'n, decisions whose rewards are summed before a value is backed up, entropy terms at the last state alone; none: 1',
    ),
  pessimism: z
    .number()
    .min(0)
    .optional()
    .describe('c, what is backed up is ½(Q̄1 + Q̄2) − c·½|Q̄1 − Q̄2|; none: 1, the minimum of both'),
  rewardScale: positive.default(1).describe('factor on rewards before they are learned from'),
  targetRate: z.number().positive().max(1).default(0.005).describe('τ of the Polyak average'),
  bestOf: z.int().min(1).default(16).describe("draws the action rule 'best' chooses from"),
  exploration: z
    .strictObject({
      rule: z.enum(['sample', 'mode', 'best']).default('sample').describe('action rule while collecting data'),
      noise: z.number().min(0).default(0).describe('standard deviation of Gaussian noise added to actions'),
    })
    .prefault({})
    .describe('how the agent acts while it collects data, after the random decisions of the run'),
}
const sharedSchema = z.strictObject(sharedOptions)
export type SharedConfig = z.output<typeof sharedSchema>

/** λ held fixed. */
export const fixedTemperature = z.strictObject({
  kind: z.literal('fixed'),
  value: positive.default(0.1).describe('λ, in units of return'),
})

/** Learning rate of the policy as a function of the updates made. */
export function actorRate({ actorLearningRate: start, actorDecay }: SharedConfig): Schedule {
  if (!actorDecay) return constant(start)
  const { shape, to: end, updates: steps } = actorDecay
  return { linear: linearDecay, cosine: cosineDecay }[shape]({ start, end, steps })
}

/** What to throw where an option contradicts another. */
export const wrongOption = (option: string, expected: string, received: string, hint?: string) =>
  new RevflowError({ code: 'invalid-option', path: `agent.${option}`, expected, received, ...(hint && { hint }) })
