import { z } from 'zod'
import { flowPolicyOptions } from './flow-policy.options.ts'
import { sharedOptions } from './options.ts'
import { temperatureSchema } from './temperature.ts'

/** Options of RFM with their defaults: what was found to learn fastest on two cores, see docs/agents/rfm.md. */
export const rfmConfig = z.strictObject({
  estimator: z.string().default('rfm-box').describe('posterior-mean estimator, a name of listEstimators()'),
  candidates: z.int().min(1).default(16).describe('K, candidates for each noisy action'),
  noisyActions: z
    .int()
    .min(1)
    .default(1)
    .describe(
      'noisy actions x_t of each transition, K candidates each; the estimators `rfm-pool` and `rfm-mix` share them',
    ),
  temperature: temperatureSchema.prefault({ kind: 'spread' }).describe('how λ is chosen'),
  entropy: z
    .strictObject({
      samples: z.int().min(1).default(1).describe("draws a' that V(s') is a mean over"),
      divergence: z.enum(['exact', 'hutchinson']).default('exact').describe('how ∇·u is found'),
    })
    .optional()
    .describe('the entropy term of Remark 6 in the backup; none: V is the minimum of the target critics alone'),
  ownActions: z
    .number()
    .positive()
    .max(1)
    .optional()
    .describe('share of the actions noised to x_t that are new draws of the policy; none: all come from replay'),
  backup: z.enum(['mode', 'best']).optional().describe("action rule for a', whose value is backed up; none: one draw"),
  criticsForPolicy: z.enum(['target', 'online']).default('target').describe('whose minimum weights the candidates'),
  bounded: z.boolean().default(true).describe('whether exp(Q/λ) ends at the bounds of the actions'),
  targetClip: z.number().positive().optional().describe('greatest norm of a regression target; none: unlimited'),
  actorSteps: z
    .int()
    .min(1)
    .default(1)
    .describe("steps of the policy's optimizer an update, each on its part of the noisy actions of every transition"),
  actorAverage: z
    .number()
    .gt(0)
    .lt(1)
    .optional()
    .describe(
      "decay, for each update, of a running mean of the policy's weights that acts and backs up; none: they do",
    ),
  policyEvery: z.int().min(1).default(1).describe('updates for each change of the policy'),
  ...flowPolicyOptions,
  ...sharedOptions,
})
/** Parsed options of `rfm` and its presets, defaults filled in. */
export type RfmConfig = z.output<typeof rfmConfig>
