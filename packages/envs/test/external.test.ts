import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { externalEnv, serveScript } from '../src/external/index.ts'
import { makeEnv } from '../src/index.ts'

const script = fileURLToPath(new URL('./external-point.mjs', import.meta.url))
const point = (...faults: string[]) =>
  externalEnv({ command: process.execPath, args: [script, ...faults], timeout: 20 })

test('an environment in another process', async () => {
  const env = await makeEnv(point(), { seed: 3, actionRepeat: 2 })
  expect(env).toMatchObject({
    task: 'external-point',
    observationSpace: { size: 1, entries: [{ name: 'position', size: 1 }] },
    actionSpace: { size: 1, names: ['push'], low: [-0.5], high: [Number.POSITIVE_INFINITY] },
  })
  expect(() => env.step([0])).toThrow('external-point.step: call reset() before step()')
  const start = env.reset().observation
  expect(env.reset().observation).not.toEqual(start)
  expect(env.reset(3).observation).toEqual(start)
  // Clipped to −0.5, twice; rewards are exact doubles.
  const { observation, reward, terminated } = env.step([-0.7])
  expect(observation[0]).toBeCloseTo(start[0]! - 1, 6)
  expect(reward).toBeCloseTo((2 * start[0]! - 1.5) / 3, 6)
  expect(terminated).toBe(false)
  expect(env.step([-0.5])).toMatchObject({ truncated: start[0]! < 0, terminated: false })
  expect(env.step([9])).toMatchObject({ terminated: true })
  expect(() => env.step([Number.NaN])).toThrow('action[0] (push): expected a number, received NaN')
  env.close()
  expect(() => env.reset()).toThrow('external-point: it was closed')
})

test('its state is its seed and actions, played again', async () => {
  const [env, other] = [await makeEnv(point(), { seed: 1 }), await makeEnv(point(), { seed: 2, outOfBounds: 'error' })]
  const untouched = env.getState()
  env.reset()
  env.step([0.1])
  env.step([-0.3])
  const state = env.getState()
  other.setState({ values: state.values, meta: JSON.parse(JSON.stringify(state.meta)) })
  expect(other.getState()).toEqual(state)
  const after = () => [env, other].map((e) => [e.step([0.2]), e.reset(), e.step([0.1])])
  const [expected, continued] = after()
  expect(continued).toEqual(expected)
  expect(() => other.step([-1])).toThrow('action[0] (push): expected -0.5 … Infinity, received -1')
  other.setState(untouched)
  expect(() => other.step([0])).toThrow('call reset() before step()')
  expect(() => other.setState({ ...state, meta: { ...state.meta, task: 'x' } })).toThrow("received 'x'")
  env.close()
  other.close()
})

describe('what goes wrong is said', () => {
  test.each([
    ['dies at once', /node.* dies at once: expected an answer, received it ended with 2: no such task/],
    ['another protocol', /expected an answer of the protocol \(protocol: .*\), received \{"protocol":2/],
  ])('at the start: %s', async (fault, message) => {
    await expect(makeEnv(point(fault))).rejects.toThrow(message)
  })

  test.each([
    ['babbles', /expected a line of JSON, received hello/],
    ['dies', /expected an answer, received it ended with 3/],
    ['says too much', /external-point\.observation: expected 1 numbers, received 2/],
  ])('at a step: %s', async (fault, message) => {
    const env = await makeEnv(point(fault))
    env.reset()
    expect(() => env.step([0])).toThrow(message)
    env.close()
  })

  test('an error of the environment, which goes on', async () => {
    const env = await makeEnv(point())
    env.reset()
    expect(() => env.step([13])).toThrow(/external-point\.mjs: received unlucky/)
    expect(env.step([0]).truncated).toBe(false)
    env.close()
  })

  test('silence, once and for all', async () => {
    // long enough for the program to start on a machine with much else to do
    const env = await makeEnv(externalEnv({ command: process.execPath, args: [script, 'says nothing'], timeout: 15 }))
    env.reset()
    for (let i = 0; i < 2; i++) expect(() => env.step([0])).toThrow(/expected an answer, received none in 15 s/)
    env.close()
  })

  test('a program that is not there', async () => {
    await expect(makeEnv(externalEnv({ command: 'no-such-program' }))).rejects.toThrow(
      'no-such-program: expected an answer, received spawn no-such-program ENOENT',
    )
  })
})

/** A Python with dm_control, if there is one. */
const python = process.env.REVFLOW_PYTHON ?? 'python3'
const load = 'import mujoco; from dm_control import suite; suite.load("cartpole", "swingup"); print(mujoco.__version__)'
const probe = spawnSync(python, ['-c', load], { encoding: 'utf8' })
const version = probe.status === 0 ? probe.stdout.trim() : undefined

describe(`dm_control (${version ? `MuJoCo ${version}` : `skipped: ${python} cannot load it; REVFLOW_PYTHON names another`})`, () => {
  test.skipIf(version === undefined)('is served, and repeats itself', { timeout: 120_000 }, async () => {
    const env = await makeEnv(externalEnv({ command: python, args: [serveScript, 'dm_control', 'cheetah-run'] }), {
      seed: 1,
    })
    const ours = await makeEnv('cheetah-run')
    expect(env.task).toBe(ours.task)
    expect(env.actionSpace).toEqual(ours.actionSpace)
    expect(env.observationSpace).toEqual(ours.observationSpace)
    const start = env.reset(5)
    const results = Array.from({ length: 20 }, (_, i) => env.step([0, 1, 2, 3, 4, 5].map((j) => Math.sin(i + j))))
    const state = env.getState()
    const next = env.step([0, 0, 0, 0, 0, 0])
    env.setState(state)
    expect(env.step([0, 0, 0, 0, 0, 0])).toEqual(next)
    expect(env.reset(5)).toEqual(start)
    expect(env.step([0, 1, 2, 3, 4, 5].map(Math.sin))).toEqual(results[0])
    env.close()
    ours.close()
  })

  test.skipIf(version === undefined)('swings the same cart-pole', { timeout: 120_000 }, async () => {
    const serve = spawn(python, [serveScript, 'dm_control', 'cartpole-swingup'])
    const lines = createInterface(serve.stdout)[Symbol.asyncIterator]()
    const hear = async () => JSON.parse((await lines.next()).value)
    const ask = (request: object) => {
      serve.stdin.write(`${JSON.stringify(request)}\n`)
      return hear()
    }
    await hear()
    const { observation } = await ask({ reset: 11 })
    const env = await makeEnv('cartpole-swingup')
    env.reset()
    // [x, cos θ, sin θ, ẋ, θ̇]
    env.physics
      .dataView('qpos')()
      .set([observation[0], Math.atan2(observation[2], observation[1])])
    env.physics.dataView('qvel')().set(observation.slice(3))
    env.physics.forward()
    for (let i = 0; i < 200; i++) {
      const theirs = await ask({ step: [Math.sin(i)] })
      env.step([Math.sin(i)])
      const ours = env.evaluate()
      expect(ours.reward).toBeCloseTo(theirs.reward, 9)
      for (const [j, value] of ours.observation.entries()) expect(value).toBeCloseTo(theirs.observation[j], 9)
    }
    env.close()
    serve.stdin.end()
  })
})
