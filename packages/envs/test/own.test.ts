import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readMjcf } from '../src/files.ts'
import { defineTask, makeEnv, type TaskDefinition } from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'revflow-mjcf-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A tetrahedron on a slide, pushed along it; the mesh is in another file, the actuator in a third, without a name. */
const robot = `<mujoco>
  <include file="drive.xml"/>
  <compiler meshdir="meshes"/>
  <size nuserdata="1"/>
  <option gravity="0 0 0"/>
  <asset><mesh name="tetrahedron" file="tetrahedron.obj"/></asset>
  <worldbody>
    <body><joint name="x" type="slide" axis="1 0 0"/><geom type="mesh" mesh="tetrahedron"/></body>
  </worldbody>
</mujoco>`
mkdirSync(join(folder, 'meshes'))
writeFileSync(join(folder, 'robot.xml'), robot)
writeFileSync(
  join(folder, 'drive.xml'),
  '<mujoco><actuator><motor joint="x" gear="5000" ctrlrange="-1 1"/></actuator></mujoco>',
)
writeFileSync(
  join(folder, 'meshes', 'tetrahedron.obj'),
  'v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n',
)

/** Ends beyond 1 m. Counts its rewards in userdata. */
const push: TaskDefinition = defineTask({
  name: 'tetrahedron-push',
  ...readMjcf(join(folder, 'robot.xml')),
  actions: ['actuator0'],
  observations: [{ name: 'position', size: 1 }],
  controlTimestep: 0.01,
  timeLimit: Number.POSITIVE_INFINITY,
  bind(physics) {
    const qpos = physics.dataView('qpos')
    const count = physics.dataView('userdata')
    return {
      observe: (out) => out.set(qpos()),
      reward: () => ++count()[0]!,
      terminated: () => qpos()[0]! > 1,
    }
  },
})

test('a task from files, which terminates and never times out', async () => {
  const env = await makeEnv(push, { actionRepeat: 2 })
  expect(env.episodeSteps).toBe(Number.POSITIVE_INFINITY)
  expect(env.actionSpace).toEqual({ size: 1, names: ['actuator0'], low: [-1], high: [1] })
  expect(env.reset().observation).toEqual(Float32Array.of(0))
  for (let i = 0; i < 1001; i++) expect(env.step([0])).toMatchObject({ terminated: false, truncated: false })
  let result = env.step([1])
  while (!result.terminated) {
    expect(result.observation[0]).toBeLessThanOrEqual(1)
    result = env.step([1])
  }
  expect(result.truncated).toBe(false)
  expect(result.observation[0]).toBeGreaterThan(1)
  expect(() => env.step([0])).toThrow(/the episode ended after/)
  env.setState(env.getState())
  expect(() => env.step([0])).toThrow(/the episode ended after/)
  env.close()
})

test('an action is not repeated beyond termination', async () => {
  const [one, many] = [await makeEnv(push), await makeEnv(push, { actionRepeat: 1000 })]
  one.reset()
  many.reset()
  let steps = 0
  let last = one.step([1])
  for (steps = 1; !last.terminated; steps++) last = one.step([1])
  const result = many.step([1])
  expect(result.terminated).toBe(true)
  expect(result.observation).toEqual(last.observation)
  expect(result.info.elapsedSteps).toBe(steps)
  expect(result.reward).toBe((steps * (steps + 1)) / 2)
  one.close()
  many.close()
})

test('userdata is part of the state', async () => {
  const env = await makeEnv(push)
  env.reset()
  env.step([0])
  const state = env.getState()
  expect(env.step([0]).reward).toBe(2)
  expect(env.step([0]).reward).toBe(3)
  env.setState(state)
  expect(env.step([0]).reward).toBe(2)
  expect(env.reset() && env.step([0]).reward).toBe(1)
  env.close()
})

test('a model’s missing files are named', async () => {
  rmSync(join(folder, 'meshes'), { recursive: true })
  const task = { ...push, ...readMjcf(join(folder, 'robot.xml')) }
  await expect(makeEnv(task)).rejects.toThrow(/tetrahedron\.obj/)
  expect(() => readMjcf(join(folder, 'none.xml'))).toThrow(/none\.xml: expected a file with MJCF, received ENOENT/)
})
