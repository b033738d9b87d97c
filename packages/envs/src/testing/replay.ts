import { RevflowError } from '@revflow/core'
import { fieldOf } from '../mujoco.ts'
import type { MujocoEnv } from '../mujoco-env.ts'
import { type Comparer, type Comparison, createComparer } from './comparison.ts'
import type { ModelChange, Probes, RecordedObservation, TaskReproducibility, Trajectory } from './schemas.ts'

const derivedTolerance = 1e-6
const stateTolerance = 1e-9
const stateAllowance = 1000
/** Where a perturbation of 1e-12 has grown beyond this, two correct simulations need not agree. */
const largestGrowth = 1e-6

/** Writes recorded values into an array of MuJoCo. @throws RevflowError (`invalid-recording`) where they do not fit */
function write(owner: object, field: string, values: readonly number[], offset?: number): void {
  const array = fieldOf(owner, field)
  const fits = array && (offset === undefined ? array.length === values.length : offset + values.length <= array.length)
  if (fits) array.set(values, offset)
  else
    throw new RevflowError({
      code: 'invalid-recording',
      path: field,
      expected: array ? `${array.length} numbers` : 'an array of the model',
      received: `${values.length} numbers${offset === undefined ? '' : ` at ${offset}`}`,
    })
}

/** Writes model fields as a recorded reset did; colours and lights are left out. */
function writeModelChanges({ physics }: MujocoEnv, changes: readonly ModelChange[]): void {
  for (const { field, index, visual, value } of changes)
    if (!visual) write(physics.model, field, value, (index ?? 0) * value.length)
}

interface InitialState {
  readonly time?: number
  readonly qpos: readonly number[]
  readonly qvel: readonly number[]
  readonly act: readonly number[]
  readonly ctrl: readonly number[]
  readonly qacc_warmstart?: readonly number[]
  readonly model_changes: readonly ModelChange[]
}

function writeState(env: MujocoEnv, state: InitialState): void {
  const { mujoco, model, data } = env.physics
  mujoco.mj_resetData(model, data)
  writeModelChanges(env, state.model_changes)
  data.time = state.time ?? 0
  for (const field of ['qpos', 'qvel', 'act', 'ctrl', 'qacc_warmstart'] as const)
    if (state[field]) write(data, field, state[field])
  env.physics.forward()
}

/** Checks the present observation entry by entry. */
function checkObservation(comparer: Comparer, env: MujocoEnv, where: string, expected: RecordedObservation): void {
  const { observation } = env.evaluate()
  const names = env.observationSpace.entries.map(({ name }) => name)
  if (names.join() !== Object.keys(expected).join()) {
    comparer.fail(`${where}: entries ${names.join(', ')}, expected ${Object.keys(expected).join(', ')}`)
    return
  }
  let offset = 0
  for (const { name, size } of env.observationSpace.entries) {
    comparer.check(`${where}.${name}`, observation.subarray(offset, offset + size), expected[name]!, derivedTolerance)
    offset += size
  }
}

/** The number recorded for the first listed step at or after `step`, or for the last one. */
function atStep(bySteps: Readonly<Record<string, number>>, step: number): number {
  const steps = Object.keys(bySteps)
    .map(Number)
    .sort((a, b) => a - b)
  return bySteps[steps.find((listed) => listed >= step) ?? steps.at(-1)!]!
}

/**
 * Replays a recording: its initial state, then its actions. Compares coordinates and velocities at every recorded state
 * within the larger of 1e-9 and 1000 times what is known of the WebAssembly build, and observation and reward at every
 * step within 1e-6; stops where the task is too chaotic for that. Starts a new episode of `env`.
 */
export function compareTrajectory(env: MujocoEnv, recording: Trajectory, known?: TaskReproducibility): Comparison {
  const comparer = createComparer(derivedTolerance)
  const { initial, reset, steps, observations, states } = recording
  env.reset()
  writeState(env, initial)
  checkObservation(comparer, env, 'reset.observation', reset.observation)
  comparer.check('reset.reward', env.evaluate().reward, reset.task_reward_at_reset, derivedTolerance)
  for (const [i, action] of steps.action.entries()) {
    const step = i + 1
    if (known && atStep(known['native_growth_of_1e-12_qpos_perturbation'], step) > largestGrowth) break
    const { reward, terminated, truncated } = env.step(action)
    comparer.check(`step ${step}.reward`, reward, steps.reward[i]!, derivedTolerance)
    comparer.check(`step ${step}.discount`, terminated ? 0 : 1, steps.discount[i]!, 0)
    comparer.check(`step ${step}.step_type`, terminated || truncated ? 2 : 1, steps.step_type[i]!, 0)
    const expected = Object.fromEntries(Object.entries(observations).map(([name, rows]) => [name, rows[i] ?? []]))
    checkObservation(comparer, env, `step ${step}.observation`, expected)
    const state = states[step]
    if (!state) continue
    for (const field of ['qpos', 'qvel', 'sensordata'] as const) {
      const allowed = known ? stateAllowance * atStep(known.wasm_vs_native[field], step) : 0
      const floor = field === 'sensordata' ? derivedTolerance : stateTolerance
      const actual = fieldOf(env.physics.data, field)!
      comparer.check(`step ${step}.${field}`, actual, state[field], Math.max(floor, allowed))
    }
    comparer.check(`step ${step}.time`, env.physics.data.time, state.time, stateTolerance)
  }
  return comparer.result()
}

/** Writes every recorded state and compares observation, sensor values and reward within 1e-6. Ends the episode of `env`. */
export function compareProbes(env: MujocoEnv, recording: Probes): Comparison {
  const comparer = createComparer(derivedTolerance)
  for (const [i, probe] of recording.probes.entries()) {
    writeState(env, probe)
    checkObservation(comparer, env, `probe ${i}.observation`, probe.observation)
    comparer.check(`probe ${i}.reward`, env.evaluate().reward, probe.reward, derivedTolerance)
    const sensors = fieldOf(env.physics.data, 'sensordata')!
    comparer.checkRelative(`probe ${i}.sensordata`, sensors, probe.sensordata, derivedTolerance, derivedTolerance)
    comparer.check(`probe ${i}.ncon`, env.physics.data.ncon, probe.ncon, 0)
  }
  return comparer.result()
}
