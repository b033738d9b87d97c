import { RevflowError, type Rng } from '@revflow/core'
import type { Assets, Physics } from './physics.ts'

/** A named part of an observation. */
export interface ObservationEntry {
  readonly name: string
  /** Numbers in it, ≥ 1. */
  readonly size: number
  /** What they are, with units. */
  readonly meaning?: string
}

/** The functions of a task, bound to one model: indices are looked up once, not at each step. */
export interface BoundTask {
  /**
   * Draws an initial state: called after `physics.reset()`, before derived quantities are computed. May write `qpos`,
   * `qvel`, `act` and the task's `modelFields`, and advance the physics. Without it episodes start from the model's own.
   */
  reset?(rng: Rng): void
  /** Writes the observation of the present state, entries in the declared order. */
  observe(out: Float64Array): void
  /** Reward of the present state and control; in [0, 1] for all tasks of the suite. */
  reward(): number
  /** Whether the present state ends the episode for good, asked after `reward`. Default: never. */
  terminated?(): boolean
}

/**
 * What a task is. All built-in ones are made of this; so can others be. What a task has to remember between steps belongs
 * in MuJoCo's `userdata` (`<size nuserdata="n"/>`), which is part of the state, and not in variables of `bind`.
 */
export interface TaskDefinition {
  /** `<domain>-<task>`. */
  readonly name: string
  /** What is to be done and what is rewarded, in a few sentences of Markdown. */
  readonly description?: string
  /** MJCF of the model. In Node `readMjcf` of `@revflow/envs/files` reads this and `assets` from a file. */
  readonly xml: string
  /** Files the MJCF refers to (meshes, textures, height fields, includes) by the path it refers to them. Default: none. */
  readonly assets?: Assets
  /** Actuator names, the order of the action vector. */
  readonly actions: readonly string[]
  readonly observations: readonly ObservationEntry[]
  /** Seconds a control step lasts: a multiple of the model's time step. */
  readonly controlTimestep: number
  /** Seconds an episode lasts, after which it is truncated; `Infinity` where only `terminated` ends it. */
  readonly timeLimit: number
  /** Arrays of mjModel that `reset` writes, such as `geom_pos` or `hfield_data`: part of the state. Default: none. */
  readonly modelFields?: readonly string[]
  bind(physics: Physics): BoundTask
}

/**
 * Checks and freezes a task. Give the result to `makeEnv`.
 * @throws RevflowError (`invalid-task`)
 */
export function defineTask(task: TaskDefinition): TaskDefinition {
  const steps = task.timeLimit / task.controlTimestep
  const fail = (path: string, expected: string, received: unknown): never => {
    throw new RevflowError({ code: 'invalid-task', path: `${task.name}.${path}`, expected, received: String(received) })
  }
  if (task.actions.length === 0) fail('actions', 'at least one actuator', 'none')
  for (const { name, size } of task.observations)
    if (!Number.isInteger(size) || size < 1) fail(`observations.${name}.size`, 'an integer ≥ 1', size)
  if (!(task.controlTimestep > 0)) fail('controlTimestep', 'more than 0 s', task.controlTimestep)
  if (!(steps >= 1) || (Number.isFinite(steps) && Math.abs(steps - Math.round(steps)) > 1e-6))
    fail('timeLimit', 'a multiple of controlTimestep', task.timeLimit)
  return Object.freeze({ ...task })
}

/** Numbers in an observation. */
export function observationSize(task: TaskDefinition): number {
  return task.observations.reduce((sum, { size }) => sum + size, 0)
}

/** Control steps in an episode. */
export function episodeSteps(task: TaskDefinition): number {
  return Math.round(task.timeLimit / task.controlTimestep)
}
