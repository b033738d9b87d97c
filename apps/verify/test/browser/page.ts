import { createRng } from '@revflow/core'
import { makeEnv } from '@revflow/envs'
import { render } from '@revflow/render'

/** Coordinates, velocities, observation and reward after each of 1,000 steps of cheetah-run. */
export async function trajectory(): Promise<number[][]> {
  const env = await makeEnv('cheetah-run', { seed: 3 })
  const rng = createRng(3, 'actions')
  const action = new Float32Array(env.actionSpace.size)
  const [qpos, qvel] = [env.physics.dataView('qpos'), env.physics.dataView('qvel')]
  const rows = [[...env.reset().observation]]
  for (let step = 0; step < 1000; step++) {
    const { observation, reward } = env.step(rng.fillUniform(action, -1, 1))
    rows.push([...qpos(), ...qvel(), ...observation, reward])
  }
  env.close()
  return rows
}

/** Pixels of the first state. */
export async function picture(): Promise<number[]> {
  const env = await makeEnv('cheetah-run', { seed: 3 })
  env.reset()
  const { data } = render(env.physics, { width: 64, height: 48 })
  env.close()
  return [...data]
}

// For the test to call.
Object.assign(globalThis, { revflow: { trajectory, picture } })
