import { RevflowError } from '@revflow/core'
import { nameOf } from './mujoco.ts'
import type { Physics } from './physics.ts'
import type { ObservationEntry, TaskDefinition } from './task.ts'

/** The numbers of an observation, and what they are. */
export interface ObservationSpace {
  /** Numbers in an observation: the sum of the entries' sizes. */
  readonly size: number
  /** Its parts, in order. */
  readonly entries: readonly ObservationEntry[]
}

/** The components of an action, and their bounds. */
export interface ActionSpace {
  /** A, numbers in an action. */
  readonly size: number
  /** Actuator names, in order; `actuator<i>` where actuator i has none. */
  readonly names: readonly string[]
  /** Bounds of each component; infinite where the actuator has none. */
  readonly low: readonly number[]
  readonly high: readonly number[]
}

/** Names and bounds of the model's actuators. @throws RevflowError (`invalid-task`) where the task declares others */
export function readActionSpace(task: TaskDefinition, physics: Physics): ActionSpace {
  const { mujoco, model } = physics
  const type = mujoco.mjtObj.mjOBJ_ACTUATOR.value
  const names = Array.from({ length: model.nu }, (_, i) => nameOf(mujoco, model, type, i) || `actuator${i}`)
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

/** Physics steps in a control step. @throws RevflowError (`invalid-task`) where that is no whole number */
export function subStepsOf(task: TaskDefinition, physics: Physics): number {
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

/**
 * Writes an action to `out`, clipped to its bounds. Checked before anything is written, so that a refused action changes
 * nothing.
 * @throws RevflowError (`invalid-action`) for a wrong length, NaN, or (with `error`) a value out of bounds
 */
export function writeAction(
  { size, names, low, high }: ActionSpace,
  action: ArrayLike<number>,
  outOfBounds: 'clip' | 'error',
  out: Float64Array,
): void {
  if (action?.length !== size) refuseAction('action', `${size} numbers (${names.join(', ')})`, action?.length)
  for (let i = 0; i < size; i++) {
    const value = action[i]!
    if (value >= low[i]! && value <= high[i]!) continue
    const path = `action[${i}] (${names[i]})`
    if (typeof value !== 'number' || Number.isNaN(value)) refuseAction(path, 'a number', value)
    if (outOfBounds === 'error') refuseAction(path, `${low[i]} … ${high[i]}`, value)
  }
  for (let i = 0; i < size; i++) out[i] = Math.min(high[i]!, Math.max(low[i]!, action[i]!))
}

function refuseAction(path: string, expected: string, received: unknown): never {
  throw new RevflowError({ code: 'invalid-action', path, expected, received: String(received) })
}
