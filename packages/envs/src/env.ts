import { createRng, parseOptions, RevflowError, type RngState, restoreRng, rngStateSchema } from '@revflow/core'
import { z } from 'zod'
import { createPhysics, type Physics } from './physics.ts'
import { findTask } from './registry.ts'
import { episodeSteps, type ObservationEntry, observationSize, type TaskDefinition } from './task.ts'

export interface ObservationSpace {
  /** Numbers in an observation: the sum of the entries' sizes. */
  readonly size: number
  /** Its parts, in order. */
  readonly entries: readonly ObservationEntry[]
}

export interface ActionSpace {
  readonly size: number
  /** Actuator names, in order. */
  readonly names: readonly string[]
  /** Bounds of each component; infinite where the actuator has none. */
  readonly low: readonly number[]
  readonly high: readonly number[]
}

export interface ResetResult {
  readonly observation: Float32Array
}

export interface StepInfo {
  /** Control steps since the reset. */
  readonly elapsedSteps: number
  /** The physics broke down: the episode is truncated, the observation is the last sound one, the reward 0. */
  readonly diverged: boolean
  /** MuJoCo's warnings where it diverged, such as `BADQACC`. */
  readonly warnings: readonly string[]
}

export interface StepResult {
  /** Freshly allocated. */
  readonly observation: Float32Array
  /** Sum over the repeated control steps; each in [0, 1]. */
  readonly reward: number
  /** Always false in the Control Suite's locomotion and control tasks: episodes only run out of time. */
  readonly terminated: boolean
  /** The time limit is reached: bootstrap from this observation's value. */
  readonly truncated: boolean
  readonly info: StepInfo
}

const stateMetaSchema = z.strictObject({
  version: z.literal(1),
  task: z.string(),
  /** Control steps since the reset; null before the first reset. */
  elapsedSteps: z.int().min(0).nullable(),
  ended: z.boolean(),
  rng: rngStateSchema,
})

/** Everything an environment needs to go on, to the bit. */
export interface EnvState {
  /** Physics state, warm start, sensor values, then the model fields the task writes. */
  readonly values: Float64Array
  /** Plain JSON. */
  readonly meta: z.infer<typeof stateMetaSchema>
}

/** Present observation and reward in double precision. */
export interface Evaluation {
  readonly observation: Float64Array
  readonly reward: number
}

const optionsSchema = z.strictObject({
  /** Any safe integer; default 0. */
  seed: z.int().default(0),
  /** Control steps an action lasts; default 1. */
  actionRepeat: z.int().min(1).default(1),
  /** Actions out of bounds: clipped (default) or refused. */
  outOfBounds: z.enum(['clip', 'error']).default('clip'),
  /** Diverged physics: an error (default), or the end of the episode with `info.diverged`. */
  onDivergence: z.enum(['error', 'truncate']).default('error'),
})
export type EnvOptions = z.input<typeof optionsSchema>

/** One environment. Not reentrant; use one for each episode that runs at the same time. */
export interface Env {
  /** Name of the task. */
  readonly task: string
  readonly observationSpace: ObservationSpace
  readonly actionSpace: ActionSpace
  /** Control steps in an episode; with `actionRepeat` n it has ⌈episodeSteps / n⌉ calls of `step`. */
  readonly episodeSteps: number
  readonly actionRepeat: number
  /** Raw simulation, for verification, rendering and further tasks. What is written there is not checked. */
  readonly physics: Physics
  /** Starts an episode. With a seed, episodes from here on are those of a fresh environment of that seed. */
  reset(seed?: number): ResetResult
  /**
   * Applies an action for `actionRepeat` control steps, or until the episode ends.
   * @throws RevflowError `no-episode` before a reset or after the end, `invalid-action` for a wrong length, NaN, or (by
   * option) a value out of bounds, `diverged` where the physics broke down (by option)
   */
  step(action: ArrayLike<number>): StepResult
  /** Observation and reward of the present physics state, in double precision; for verification. */
  evaluate(): Evaluation
  /** A snapshot that does not change with the environment. */
  getState(): EnvState
  /** Continues from a snapshot of the same task. @throws RevflowError (`invalid-state`) */
  setState(state: EnvState): void
  /** Frees the WebAssembly memory. Later calls of anything else throw (`env-closed`). */
  close(): void
}

/**
 * Makes an environment; the first call loads MuJoCo. Call `reset` before `step`, and `close` when done with it.
 * @param task name of a built-in task, or one made by `defineTask`
 * @throws RevflowError for an unknown task or option, naming the nearest known one
 */
export async function makeEnv(task: string | TaskDefinition, options: EnvOptions = {}): Promise<Env> {
  const definition = typeof task === 'string' ? findTask(task) : task
  const parsed = parseOptions(optionsSchema, options, 'makeEnv')
  const physics = await createPhysics(definition.xml)
  try {
    return buildEnv(definition, physics, parsed)
  } catch (error) {
    physics.close()
    throw error
  }
}

function readActionSpace(task: TaskDefinition, physics: Physics): ActionSpace {
  const { mujoco, model } = physics
  const names = Array.from({ length: model.nu }, (_, i) =>
    mujoco.mj_id2name(model, mujoco.mjtObj.mjOBJ_ACTUATOR.value, i),
  )
  if (names.join() !== task.actions.join())
    throw new RevflowError({
      code: 'invalid-task',
      path: `${task.name}.actions`,
      expected: `the model's actuators ${names.join(', ')}`,
      received: task.actions.join(', '),
    })
  const range = physics.modelView('actuator_ctrlrange')()
  // A range of zero width is how MuJoCo stores that there is none.
  const bounds = names.map((_, i) => {
    const low = range[2 * i]!
    const high = range[2 * i + 1]!
    return low < high ? { low, high } : { low: -Infinity, high: Infinity }
  })
  return { size: names.length, names, low: bounds.map(({ low }) => low), high: bounds.map(({ high }) => high) }
}

function subStepsOf(task: TaskDefinition, physics: Physics): number {
  const ratio = task.controlTimestep / physics.model.opt.timestep
  const subSteps = Math.round(ratio)
  if (subSteps >= 1 && Math.abs(ratio - subSteps) < 1e-6) return subSteps
  throw new RevflowError({
    code: 'invalid-task',
    path: `${task.name}.controlTimestep`,
    expected: `a multiple of the model's time step ${physics.model.opt.timestep} s`,
    received: `${task.controlTimestep} s`,
  })
}

const noWarnings: readonly string[] = Object.freeze([])

function buildEnv(task: TaskDefinition, physics: Physics, options: z.output<typeof optionsSchema>): Env {
  const actionSpace = readActionSpace(task, physics)
  const observationSpace = { size: observationSize(task), entries: task.observations }
  const subSteps = subStepsOf(task, physics)
  const limit = episodeSteps(task)
  const bound = task.bind(physics)
  const ctrl = physics.dataView('ctrl')
  const modelFields = (task.modelFields ?? []).map((field) => physics.modelView(field))
  const observation = new Float64Array(observationSpace.size)
  let rng = createRng(options.seed, 'env')
  let elapsed: number | null = null
  let ended = false
  let closed = false

  const checkOpen = () => {
    if (!closed) return
    throw new RevflowError({ code: 'env-closed', path: task.name, hint: 'it was closed: make a new one with makeEnv' })
  }
  const checkRunning = (): number => {
    checkOpen()
    if (elapsed !== null && !ended) return elapsed
    const hint = ended ? `the episode ended after ${elapsed} steps: call reset()` : 'call reset() before step()'
    throw new RevflowError({ code: 'no-episode', path: `${task.name}.step`, hint })
  }
  const badAction = (path: string, expected: string, received: unknown): never => {
    throw new RevflowError({ code: 'invalid-action', path, expected, received: String(received) })
  }
  const writeAction = (action: ArrayLike<number>): void => {
    const { size, names, low, high } = actionSpace
    if (action?.length !== size) badAction('action', `${size} numbers (${names.join(', ')})`, action?.length)
    const control = ctrl()
    for (let i = 0; i < size; i++) {
      const value = action[i]!
      if (!(value >= low[i]! && value <= high[i]!)) {
        if (typeof value !== 'number' || Number.isNaN(value)) badAction(`action[${i}] (${names[i]})`, 'a number', value)
        if (options.outOfBounds === 'error') badAction(`action[${i}] (${names[i]})`, `${low[i]} … ${high[i]}`, value)
      }
      control[i] = Math.min(high[i]!, Math.max(low[i]!, value))
    }
  }
  const diverge = (elapsedSteps: number, reward: number): StepResult => {
    ended = true
    const warnings = physics.warnings()
    if (options.onDivergence === 'error')
      throw new RevflowError({
        code: 'diverged',
        path: `${task.name}.step`,
        received: `${warnings.join(', ') || 'a non-finite state'} at step ${elapsedSteps}`,
        hint: "the physics diverged: reset, or pass onDivergence: 'truncate'",
      })
    const info = { elapsedSteps, diverged: true, warnings }
    return { observation: Float32Array.from(observation), reward, terminated: false, truncated: true, info }
  }

  return {
    task: task.name,
    observationSpace,
    actionSpace,
    episodeSteps: limit,
    actionRepeat: options.actionRepeat,
    physics,
    reset(seed) {
      checkOpen()
      if (seed !== undefined) rng = createRng(seed, 'env')
      physics.reset()
      bound.reset(rng)
      physics.forward()
      elapsed = 0
      ended = false
      bound.observe(observation)
      return { observation: Float32Array.from(observation) }
    },
    step(action) {
      let steps = checkRunning()
      writeAction(action)
      const last = Math.min(limit, steps + options.actionRepeat)
      let reward = 0
      while (steps < last) {
        physics.advance(subSteps)
        elapsed = ++steps
        if (physics.diverged()) return diverge(steps, reward)
        reward += bound.reward()
      }
      bound.observe(observation)
      ended = steps === limit
      const info = { elapsedSteps: steps, diverged: false, warnings: noWarnings }
      return { observation: new Float32Array(observation), reward, terminated: false, truncated: ended, info }
    },
    evaluate() {
      checkOpen()
      const present = new Float64Array(observationSpace.size)
      bound.observe(present)
      return { observation: present, reward: bound.reward() }
    },
    getState() {
      checkOpen()
      const parts = [physics.saveState(), ...modelFields.map((field) => field())]
      const values = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0))
      let offset = 0
      for (const part of parts) {
        values.set(part, offset)
        offset += part.length
      }
      return { values, meta: { version: 1, task: task.name, elapsedSteps: elapsed, ended, rng: rng.state() } }
    },
    setState({ values, meta }) {
      checkOpen()
      const { elapsedSteps, rng: rngState, ...rest } = parseStateMeta(meta, task.name)
      const expected = modelFields.reduce((sum, field) => sum + field().length, physics.stateSize)
      if (values.length !== expected)
        throw new RevflowError({
          code: 'invalid-state',
          path: 'state.values',
          expected: `${expected} numbers`,
          received: `${values.length}`,
        })
      let offset = physics.stateSize
      for (const field of modelFields) {
        field().set(values.subarray(offset, offset + field().length))
        offset += field().length
      }
      physics.loadState(values.subarray(0, physics.stateSize))
      rng = restoreRng(rngState)
      elapsed = elapsedSteps
      ended = rest.ended
    },
    close() {
      if (closed) return
      closed = true
      physics.close()
    },
  }
}

function parseStateMeta(meta: unknown, task: string): EnvState['meta'] & { rng: RngState } {
  const parsed = parseOptions(stateMetaSchema, meta, 'state.meta')
  if (parsed.task === task) return parsed
  throw new RevflowError({
    code: 'invalid-state',
    path: 'state.meta.task',
    expected: `'${task}'`,
    received: `'${parsed.task}'`,
  })
}
