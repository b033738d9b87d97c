import type { MujocoEnv } from '../mujoco-env.ts'
import { type Comparison, createComparer } from './comparison.ts'
import type { TaskMetadata } from './schemas.ts'

/** Compares spaces, time steps and episode length with a recorded specification, exactly. */
export function compareSpecification(env: MujocoEnv, expected: TaskMetadata): Comparison {
  const comparer = createComparer(0)
  const entries = expected.observation_spec.map(({ name }) => name).join()
  const ours = env.observationSpace.entries.map(({ name }) => name).join()
  if (ours !== entries) comparer.fail(`observation: ${ours}, expected ${entries}`)
  const actuators = expected.action_spec.actuators.join()
  if (env.actionSpace.names.join() !== actuators)
    comparer.fail(`action: ${env.actionSpace.names}, expected ${actuators}`)
  const sizes = env.observationSpace.entries.map(({ size }) => size)
  comparer.check(
    'observation sizes',
    sizes,
    expected.observation_spec.map(({ size }) => size),
    0,
  )
  comparer.check('action minimum', env.actionSpace.low, expected.action_spec.minimum, 0)
  comparer.check('action maximum', env.actionSpace.high, expected.action_spec.maximum, 0)
  comparer.check('physics time step', env.physics.model.opt.timestep, expected.physics_timestep, 0)
  comparer.check('control time step', env.controlTimestep, expected.control_timestep, 0)
  comparer.check('episode steps', env.episodeSteps, expected.step_limit, 0)
  return comparer.result()
}
