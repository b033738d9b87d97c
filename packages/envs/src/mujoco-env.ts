import { createRng, parseOptions, RevflowError, type Rng, restoreRng, rngStateSchema } from '@revflow/core'
import { z } from 'zod'
import type { Env, EnvState, ResetResult, StepResult } from './env.ts'
import type { RealView } from './mujoco.ts'
import { createPhysics, type Physics } from './physics.ts'
import { type ActionSpace, type ObservationSpace, readActionSpace, subStepsOf, writeAction } from './spaces.ts'
import { type BoundTask, episodeSteps, observationSize, type TaskDefinition } from './task.ts'

/** What a step of a MuJoCo environment tells besides. */
export interface StepInfo {
  /** Control steps since the reset. */
  readonly elapsedSteps: number
  /** The physics broke down: the episode is truncated, the observation is the last sound one, the reward 0. */
  readonly diverged: boolean
  /** MuJoCo's warnings where it diverged, such as `BADQACC`. */
  readonly warnings: readonly string[]
}

/** What an action led to in a MuJoCo environment. */
export interface MujocoStepResult extends StepResult {
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

/** Present observation and reward in double precision. */
export interface Evaluation {
  readonly observation: Float64Array
  readonly reward: number
}

export const envOptionsSchema = z.strictObject({
  /** Any safe integer; default 0. */
  seed: z.int().default(0),
  /** Control steps an action lasts; default 1. */
  actionRepeat: z.int().min(1).default(1),
  /** Actions out of bounds: clipped (default) or refused. */
  outOfBounds: z.enum(['clip', 'error']).default('clip'),
  /** Diverged physics: an error (default), or the end of the episode with `info.diverged`. */
  onDivergence: z.enum(['error', 'truncate']).default('error'),
})
/** Options of `makeEnv` for tasks on MuJoCo. */
export type EnvOptions = z.input<typeof envOptionsSchema>
export type ParsedEnvOptions = z.output<typeof envOptionsSchema>

/** An environment of a task on MuJoCo. */
export interface MujocoEnv extends Env {
  /** Seconds a control step lasts. */
  readonly controlTimestep: number
  /** Control steps in an episode; with `actionRepeat` n it has at most ⌈episodeSteps / n⌉ calls of `step`. */
  readonly episodeSteps: number
  readonly actionRepeat: number
  /** Raw simulation, for verification, rendering and further tasks. What is written there is not checked. */
  readonly physics: Physics
  /**
   * Applies an action for `actionRepeat` control steps, or until the episode ends.
   * @throws RevflowError `no-episode` before a reset or after the end, `invalid-action` for a wrong length, NaN, or (by
   * option) a value out of bounds, `diverged` where the physics broke down (by option)
   */
  step(action: ArrayLike<number>): MujocoStepResult
  /** Observation and reward of the present physics state, in double precision; for verification. */
  evaluate(): Evaluation
  /** Physics state, warm start, sensor values, model fields the task writes, generator, step count. */
  getState(): EnvState
  /** Continues from a snapshot of the same task. @throws RevflowError (`invalid-state`) */
  setState(state: EnvState): void
  /** Frees the WebAssembly memory. Later calls of anything else throw (`env-closed`). */
  close(): void
}

/** Compiles a task's model and binds the task to it; the first call loads MuJoCo. */
export async function createMujocoEnv(task: TaskDefinition, options: ParsedEnvOptions): Promise<MujocoEnv> {
  const physics = await createPhysics(task.xml, task.assets)
  try {
    return new TaskEnv(task, physics, options)
  } catch (error) {
    physics.close()
    throw error
  }
}

const noWarnings: readonly string[] = Object.freeze([])

class TaskEnv implements MujocoEnv {
  readonly task: string
  readonly observationSpace: ObservationSpace
  readonly actionSpace: ActionSpace
  readonly controlTimestep: number
  readonly episodeSteps: number
  readonly actionRepeat: number
  readonly physics: Physics
  readonly #options: ParsedEnvOptions
  readonly #subSteps: number
  readonly #bound: BoundTask
  readonly #ctrl: () => Float64Array
  readonly #modelFields: readonly (() => RealView)[]
  readonly #observation: Float64Array
  #rng: Rng
  #elapsed: number | null = null
  #ended = false
  #closed = false

  constructor(task: TaskDefinition, physics: Physics, options: ParsedEnvOptions) {
    physics.disableAutoReset()
    this.task = task.name
    this.physics = physics
    this.actionSpace = readActionSpace(task, physics)
    this.observationSpace = { size: observationSize(task), entries: task.observations }
    this.controlTimestep = task.controlTimestep
    this.episodeSteps = episodeSteps(task)
    this.actionRepeat = options.actionRepeat
    this.#options = options
    this.#subSteps = subStepsOf(task, physics)
    this.#bound = task.bind(physics)
    this.#ctrl = physics.dataView('ctrl')
    this.#modelFields = (task.modelFields ?? []).map((field) => physics.modelView(field))
    this.#observation = new Float64Array(this.observationSpace.size)
    this.#rng = createRng(options.seed, 'env')
  }

  reset(seed?: number): ResetResult {
    this.#checkOpen()
    if (seed !== undefined) this.#rng = createRng(seed, 'env')
    this.physics.reset()
    this.#bound.reset?.(this.#rng)
    this.physics.forward()
    this.#elapsed = 0
    this.#ended = false
    this.#bound.observe(this.#observation)
    return { observation: new Float32Array(this.#observation) }
  }

  step(action: ArrayLike<number>): MujocoStepResult {
    let elapsedSteps = this.#checkRunning()
    writeAction(this.actionSpace, action, this.#options.outOfBounds, this.#ctrl())
    const last = Math.min(this.episodeSteps, elapsedSteps + this.actionRepeat)
    let reward = 0
    let terminated = false
    while (elapsedSteps < last && !terminated) {
      this.physics.advance(this.#subSteps)
      this.#elapsed = ++elapsedSteps
      if (this.physics.diverged()) return this.#diverge(elapsedSteps, reward)
      reward += this.#bound.reward()
      terminated = this.#bound.terminated?.() ?? false
    }
    this.#bound.observe(this.#observation)
    const truncated = !terminated && elapsedSteps === this.episodeSteps
    this.#ended = terminated || truncated
    return {
      observation: new Float32Array(this.#observation),
      reward,
      terminated,
      truncated,
      info: { elapsedSteps, diverged: false, warnings: noWarnings },
    }
  }

  evaluate(): Evaluation {
    this.#checkOpen()
    const observation = new Float64Array(this.observationSpace.size)
    this.#bound.observe(observation)
    return { observation, reward: this.#bound.reward() }
  }

  getState(): EnvState {
    this.#checkOpen()
    const values = new Float64Array(this.#stateSize())
    values.set(this.physics.saveState())
    let offset = this.physics.stateSize
    for (const field of this.#modelFields) {
      values.set(field(), offset)
      offset += field().length
    }
    const meta = { version: 1, task: this.task, elapsedSteps: this.#elapsed, ended: this.#ended } as const
    return { values, meta: { ...meta, rng: this.#rng.state() } }
  }

  setState({ values, meta }: EnvState): void {
    this.#checkOpen()
    const { task, elapsedSteps, ended, rng } = parseOptions(stateMetaSchema, meta, 'state.meta')
    if (task !== this.task) refuseState('meta.task', `'${this.task}'`, `'${task}'`)
    if (values.length !== this.#stateSize()) refuseState('values', `${this.#stateSize()} numbers`, `${values.length}`)
    let offset = this.physics.stateSize
    for (const field of this.#modelFields) {
      field().set(values.subarray(offset, offset + field().length))
      offset += field().length
    }
    this.physics.loadState(values.subarray(0, this.physics.stateSize))
    this.#bound.observe(this.#observation)
    this.#rng = restoreRng(rng)
    this.#elapsed = elapsedSteps
    this.#ended = ended
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.physics.close()
  }

  #stateSize(): number {
    return this.#modelFields.reduce((sum, field) => sum + field().length, this.physics.stateSize)
  }

  #checkOpen(): void {
    if (!this.#closed) return
    throw new RevflowError({ code: 'env-closed', path: this.task, hint: 'it was closed: make a new one with makeEnv' })
  }

  /** @returns control steps since the reset */
  #checkRunning(): number {
    this.#checkOpen()
    if (this.#elapsed !== null && !this.#ended) return this.#elapsed
    const hint = this.#ended
      ? `the episode ended after ${this.#elapsed} steps: call reset()`
      : 'call reset() before step()'
    throw new RevflowError({ code: 'no-episode', path: `${this.task}.step`, hint })
  }

  #diverge(elapsedSteps: number, reward: number): MujocoStepResult {
    this.#ended = true
    const warnings = this.physics.warnings()
    if (this.#options.onDivergence === 'error')
      throw new RevflowError({
        code: 'diverged',
        path: `${this.task}.step`,
        received: `${warnings.join(', ') || 'a non-finite state'} at step ${elapsedSteps}`,
        hint: "the physics diverged: reset, or make the environment with onDivergence: 'truncate'",
      })
    const info = { elapsedSteps, diverged: true, warnings }
    return { observation: new Float32Array(this.#observation), reward, terminated: false, truncated: true, info }
  }
}

function refuseState(path: string, expected: string, received: string): never {
  throw new RevflowError({ code: 'invalid-state', path: `state.${path}`, expected, received })
}
