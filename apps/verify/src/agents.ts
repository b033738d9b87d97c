import { join } from 'node:path'
import { qsmTarget, rfmTarget } from '@revflow/agents'
import { RevflowError } from '@revflow/core'
import type { MlpParams } from '@revflow/nn'
import { twinCritics } from '@revflow/rl'
import { gaussian, vpCosine } from '@revflow/schedules'
import {
  coefficients,
  defineEstimator,
  type Estimator,
  importanceSampling,
  type Proposal,
  testFunctions,
} from '@revflow/stein'
import * as tf from '@tensorflow/tfjs'
import { z } from 'zod'
import { filesOf, printVerdicts, readJson, type Verdict } from './report.ts'
import { verifyStatistics } from './statistics.ts'

/** Agreement asked for, relative to the largest entry of a row: float32 on both sides. */
const TOLERANCE = 1e-4

const vector = z.array(z.number())
const matrix = z.array(vector)
const criticSchema = z.strictObject({
  'MLP_0/Dense_0/kernel': matrix,
  'MLP_0/Dense_0/bias': vector,
  'MLP_0/Dense_1/kernel': matrix,
  'MLP_0/Dense_1/bias': vector,
  'Dense_0/kernel': matrix,
  'Dense_0/bias': vector,
})
const referenceSchema = z.object({
  S: z.int(),
  A: z.int(),
  H: z.int(),
  temperature: z.number().positive(),
  critic1: criticSchema,
  critic2: criticSchema,
  observations: matrix,
  diffusion_time: vector,
  noisy_actions: matrix,
  proposal_noise_epsilon: z.array(matrix),
  candidates: z.array(matrix),
  epsilon_target: matrix,
})
type Reference = z.infer<typeof referenceSchema>

/** The reference's critic, its first kernel split into the rows of the observation and of the action. */
function criticParams(critic: Reference['critic1'], observationSize: number): MlpParams {
  const first = critic['MLP_0/Dense_0/kernel']
  return {
    layer0: {
      kernel0: tf.tensor2d(first.slice(0, observationSize)),
      kernel1: tf.tensor2d(first.slice(observationSize)),
      bias: tf.tensor1d(critic['MLP_0/Dense_0/bias']),
    },
    layer1: {
      kernel0: tf.tensor2d(critic['MLP_0/Dense_1/kernel']),
      bias: tf.tensor1d(critic['MLP_0/Dense_1/bias']),
    },
    layer2: { kernel0: tf.tensor2d(critic['Dense_0/kernel']), bias: tf.tensor1d(critic['Dense_0/bias']) },
  }
}

/** The estimator of an agent on the candidates that were recorded: the rest of its target is the agent's own. */
function recorded(kind: 'qne' | 'idem', { proposal_noise_epsilon, candidates }: Reference): Estimator {
  const proposal: Proposal = {
    name: 'recorded',
    noise: () => ({}),
    draw: () => ({ x0: tf.tensor3d(proposal_noise_epsilon), x1: tf.tensor3d(candidates) }),
  }
  const control = { testFunction: testFunctions.constantDiagonal, coefficient: coefficients.gradient }
  const method = importanceSampling({ proposal, ...(kind === 'idem' && { control }) })
  return defineEstimator({
    name: `${kind}, recorded`,
    reference: 'recorded candidates',
    targets: ['bounded'],
    ...method,
  })
}

/** Regression target of the noise network by the agents' own target functions, [B, A]. */
function noiseTarget(kind: Kind, reference: Reference): tf.Tensor2D {
  const { S, A, H, temperature } = reference
  const critics = twinCritics({ observationSize: S, actionSize: A, hidden: [H, H], activation: 'relu' })
  const params = { q1: criticParams(reference.critic1, S), q2: criticParams(reference.critic2, S) }
  const observation = tf.tensor2d(reference.observations)
  const x = tf.tensor2d(reference.noisy_actions)
  // the references count time backwards, from data to noise
  const t = tf.tensor1d(reference.diffusion_time.map((backward) => 1 - backward))
  const schedule = vpCosine({ tMin: 0, tMax: 1 })
  const problem = { critics, params, observation, x }
  if (kind === 'qsm')
    return qsmTarget({ ...problem, form: { kind: 'scaled', temperature }, beta: schedule.atTensor(t).beta })
  const policy = { schedule, source: gaussian({ dim: A }), target: (noise: tf.Tensor2D) => noise }
  const lambda = tf.scalar(temperature)
  return rfmTarget({ ...problem, t, policy, lambda, estimator: recorded(kind, reference), noise: {}, bounded: false })
    .target
}

const KINDS = ['qne', 'idem', 'qsm'] as const
type Kind = (typeof KINDS)[number]

/** Deviation from the recorded target, relative to the largest entry of its row. */
function deviation(kind: Kind, reference: Reference): number {
  const ours = tf.tidy(() => noiseTarget(kind, reference).arraySync())
  const rows = reference.epsilon_target.map((row, b) => {
    const scale = Math.max(...row.map(Math.abs))
    return Math.max(...row.map((value, j) => Math.abs(value - ours[b]![j]!) / scale))
  })
  return rows.some(Number.isNaN) ? Number.POSITIVE_INFINITY : Math.max(...rows)
}

/** Verifies one file of a folder of references. */
export function verifyAgentFile(folder: string, file: string): Verdict {
  const kind = KINDS.find((name) => file.startsWith(`${name}-`))
  const raw = readJson(join(folder, file))
  if (file === 'rliable.json') return verifyStatistics(file, raw)
  if (!kind) return { file, ok: 'skipped', reason: `no method of this name: known are ${KINDS.join(', ')}` }
  const parsed = referenceSchema.safeParse(raw)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    return { file, ok: false, reason: `not a reference: ${issue.path.join('.')}: ${issue.message}` }
  }
  const error = deviation(kind, parsed.data)
  return { file, ok: error <= TOLERANCE, error, tolerance: TOLERANCE }
}

/** `verify:agents <folder>`: one JSON line a file. Exit code 0, 1 where one is out of tolerance, 2 for a bad request. */
export function main([folder]: readonly string[]): number {
  try {
    const files = filesOf(folder).filter((file) => file.endsWith('.json'))
    return printVerdicts(files.map((file) => verifyAgentFile(folder!, file)))
  } catch (error) {
    if (!(error instanceof RevflowError)) throw error
    process.stderr.write(`verify:agents: ${error.message}\n`)
    return 2
  }
}
