import { z } from 'zod'

/** Forms of the reference files. Unknown keys are let through: a recording may say more than is compared. */

const numbers = z.array(z.number())
const extended = z.union([
  z.number(),
  z.literal('inf').transform(() => Infinity),
  z.literal('-inf').transform(() => -Infinity),
])

/** One row of an mjModel array that a task writes at reset. */
const modelChange = z.looseObject({
  field: z.string(),
  index: z.int().nullish(),
  visual: z.boolean().default(false),
  value: z.union([numbers, z.number().transform((value) => [value])]),
})
export type ModelChange = z.output<typeof modelChange>

const recordedState = z.looseObject({
  time: z.number(),
  qpos: numbers,
  qvel: numbers,
  act: numbers,
  sensordata: numbers,
  qacc_warmstart: numbers,
})
export type RecordedState = z.output<typeof recordedState>

const observation = z.record(z.string(), numbers)
export type RecordedObservation = z.output<typeof observation>

/** A model as facts; sections are checked key by key when compared. */
export const modelFacts = z.looseObject({
  option: z.record(z.string(), z.unknown()),
  compiler: z.record(z.string(), z.unknown()),
  statistic: z.record(z.string(), z.unknown()),
  sizes: z.record(z.string(), z.number()),
  bodies: z.array(z.record(z.string(), z.unknown())),
  joints: z.array(z.record(z.string(), z.unknown())),
  geoms: z.array(z.record(z.string(), z.unknown())),
  actuators: z.array(z.record(z.string(), z.unknown())),
})
export type ModelFacts = z.output<typeof modelFacts>

/** A reset and the environment steps after it. */
export const trajectory = z.looseObject({
  task: z.string(),
  initial: recordedState.extend({ ctrl: numbers, model_changes: z.array(modelChange) }),
  reset: z.looseObject({ task_reward_at_reset: z.number(), observation }),
  steps: z.looseObject({
    action: z.array(numbers),
    reward: numbers,
    discount: numbers,
    step_type: numbers,
  }),
  observations: z.record(z.string(), z.array(numbers)),
  states: z.record(z.string(), recordedState),
})
export type Trajectory = z.output<typeof trajectory>

/** States with their observation and reward. */
export const probes = z.looseObject({
  task: z.string(),
  probes: z.array(
    z.looseObject({
      qpos: numbers,
      qvel: numbers,
      act: numbers,
      ctrl: numbers,
      model_changes: z.array(modelChange),
      observation,
      reward: z.number(),
      sensordata: numbers,
      ncon: z.int(),
    }),
  ),
})
export type Probes = z.output<typeof probes>

const moments = z.looseObject({ mean: numbers, std: numbers, min: numbers, max: numbers })

/** Statistics of recorded resets of one task. */
export const resetStatistics = z.looseObject({
  resets: z.int().min(2),
  qpos: moments,
  qvel: moments,
  model_params: z.array(moments.extend({ field: z.string(), index: z.int() })).default([]),
  observation: z.record(z.string(), moments),
  reward_at_reset: z.looseObject({
    mean: z.number(),
    std: z.number(),
    min: z.number(),
    max: z.number(),
    fraction_zero: z.number(),
  }),
})
export type ResetStatistics = z.output<typeof resetStatistics>

/** `initial_state_stats.json`. */
export const initialStateStats = z.looseObject({ tasks: z.record(z.string(), resetStatistics) })

/** `tolerance_function.json`. */
export const toleranceTable = z.looseObject({
  cases: z.array(
    z.looseObject({
      bounds: z.array(extended).length(2),
      margin: z.number(),
      sigmoid: z.string(),
      value_at_margin: z.number(),
      x: numbers,
      y: numbers,
    }),
  ),
})
export type ToleranceTable = z.output<typeof toleranceTable>

const byStep = z.record(z.string().regex(/^\d+$/), z.number())

/** How closely a task's recording is reproduced by WebAssembly, and how chaotic the task is. */
export const taskReproducibility = z.looseObject({
  wasm_vs_native: z.looseObject({ qpos: byStep, qvel: byStep, sensordata: byStep }),
  'native_growth_of_1e-12_qpos_perturbation': byStep,
})
export type TaskReproducibility = z.output<typeof taskReproducibility>

/** `reproducibility.json`. */
export const reproducibility = z.looseObject({ tasks: z.record(z.string(), taskReproducibility) })

/** Specification of one task in `metadata.json`. */
export const taskMetadata = z.looseObject({
  model: z.string(),
  action_spec: z.looseObject({ minimum: numbers, maximum: numbers, actuators: z.array(z.string()) }),
  observation_spec: z.array(z.looseObject({ name: z.string(), size: z.int() })),
  physics_timestep: z.number(),
  control_timestep: z.number(),
  n_sub_steps: z.int(),
  step_limit: z.number(),
})
export type TaskMetadata = z.output<typeof taskMetadata>

/** `metadata.json`. */
export const metadata = z.looseObject({ tasks: z.record(z.string(), taskMetadata) })
