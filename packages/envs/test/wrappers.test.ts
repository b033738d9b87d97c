import { expect, test } from 'vitest'
import { type Env, type EnvSource, makeEnv, normaliseObservation, recordFrames, timeLimit } from '../src/index.ts'
import makePoint, { Point } from './point.ts'

const pushAt = (step: number) => 0.1 * Math.sin(step)

/** Everything seen over some steps, resetting at each episode's end. */
function roll(env: Env, steps: number): number[][] {
  return Array.from({ length: steps }, (_, step) => {
    const action = env.actionSpace.names.map((_, i) => pushAt(step + i))
    const { observation, reward, terminated, truncated } = env.step(action)
    const next = terminated || truncated ? env.reset().observation : []
    return [...observation, reward, Number(terminated), Number(truncated), ...next]
  })
}

const wrapped: Record<string, (env: Env) => Env> = {
  timeLimit: (env) => timeLimit(env, 7),
  normaliseObservation: (env) => normaliseObservation(env),
  recordFrames: (env) => recordFrames(env, () => undefined),
  'all of them': (env) => recordFrames(normaliseObservation(timeLimit(env, 7)), () => undefined),
}
const sources: Record<string, EnvSource> = { point: makePoint, 'cheetah-run': 'cheetah-run' }

for (const [source, make] of Object.entries(sources))
  test.each(Object.keys(wrapped))(`%s of ${source} continues a saved state to the bit`, async (name) => {
    const wrap = wrapped[name]!
    const env = wrap(await makeEnv(make, { seed: 2, actionRepeat: 2 }))
    env.reset()
    roll(env, 40)
    const state = env.getState()
    const stored = { values: state.values.slice(), meta: JSON.parse(JSON.stringify(state.meta)) }
    const expected = roll(env, 30)
    const other = wrap(await makeEnv(make, { seed: 3, actionRepeat: 2 }))
    other.setState(stored)
    expect(other.getState()).toEqual(state)
    expect(roll(other, 30)).toEqual(expected)
    expect(stored.values).toEqual(state.values)
    env.setState(stored)
    expect(roll(env, 30)).toEqual(expected)
    env.close()
    other.close()
  })

test('an action repeat adds rewards up until the episode ends, in any environment', async () => {
  const [one, three] = [await makeEnv(makePoint, { seed: 1 }), await makeEnv(makePoint, { seed: 1, actionRepeat: 3 })]
  one.reset()
  three.reset()
  for (let ended = false; !ended; ) {
    const results = [one.step([0.05])]
    while (results.length < 3 && !results.at(-1)!.terminated) results.push(one.step([0.05]))
    expect(three.step([0.05])).toEqual({ ...results.at(-1)!, reward: results.length })
    ended = results.at(-1)!.terminated
  }
})

test('a factory hears the options, and passes them on', async () => {
  const source: EnvSource = async (options) => timeLimit(await makeEnv('cheetah-run', options), 3)
  const env = await makeEnv(source, { seed: 4, actionRepeat: 2, outOfBounds: 'error' })
  const plain = await makeEnv('cheetah-run', { seed: 4 })
  expect(env.reset()).toEqual(plain.reset())
  expect(() => env.step([2, 0, 0, 0, 0, 0])).toThrow(/bthigh/)
  env.step([0, 0, 0, 0, 0, 0])
  expect(env.step([0, 0, 0, 0, 0, 0]).truncated).toBe(true)
  env.close()
  plain.close()
})

test('a module’s default export is an environment’s source', async () => {
  const env = await makeEnv(new URL('./point.ts', import.meta.url), { seed: 1 })
  expect(env.reset()).toEqual(new Point(1).reset())
  await expect(makeEnv(new URL('../src/index.ts', import.meta.url))).rejects.toThrow(
    /index\.ts: expected a default export: a task made by defineTask, or a function .*, received none/,
  )
  await expect(makeEnv(new URL('./no-such.ts', import.meta.url))).rejects.toThrow(
    /no-such\.ts: expected a module that loads, received Error/,
  )
})

test('a time limit truncates, but where the episode terminates', () => {
  const env = timeLimit(new Point(0), 4)
  env.reset()
  for (let i = 0; i < 3; i++) expect(env.step([0])).toMatchObject({ terminated: false, truncated: false })
  expect(env.step([0])).toMatchObject({ terminated: false, truncated: true })
  expect(() => env.step([0])).toThrow('point.step: the episode ended after 4 steps: call reset()')
  env.reset()
  for (let i = 0; i < 3; i++) env.step([0])
  expect(env.step([5])).toMatchObject({ terminated: true, truncated: false })
  expect(() => timeLimit(env, 0)).toThrow('timeLimit.steps: expected an integer ≥ 1, received 0')
})

test('observations are normalised by their mean and population variance so far', () => {
  const raw: number[] = []
  const env = normaliseObservation(
    recordFrames(new Point(0), ({ observation }) => raw.push(observation[0]!)),
    { limit: 2 },
  )
  const seen = [env.reset(), ...Array.from({ length: 300 }, (_, i) => env.step([i > 200 ? 3 : pushAt(i)]))]
  for (const [i, { observation }] of seen.entries()) {
    const past = raw.slice(0, i + 1)
    const mean = past.reduce((a, b) => a + b) / past.length
    const variance = past.reduce((sum, x) => sum + (x - mean) ** 2, 0) / past.length
    const expected = (raw[i]! - mean) / Math.sqrt(variance + 1e-8)
    expect(observation[0]).toBeCloseTo(Math.max(-2, Math.min(2, expected)), 5)
  }
  expect(seen.some(({ observation }) => observation[0] === 2)).toBe(true)
})

test('normalised for evaluation, mean and variance stay', () => {
  const training = normaliseObservation(new Point(0))
  training.reset()
  roll(training, 50)
  const evaluation = normaliseObservation(new Point(0), { update: false })
  expect(evaluation.reset(8)).toEqual(new Point(8).reset())
  evaluation.setState(training.getState())
  const moments = () => evaluation.getState().values.slice(1)
  const before = moments()
  roll(evaluation, 50)
  expect(moments()).toEqual(before)
  expect(evaluation.reset(8).observation).not.toEqual(new Point(8).reset().observation)
})

test('frames are every reset and step, in order', () => {
  const frames: unknown[] = []
  const env = recordFrames(new Point(0), (result) => frames.push(result))
  expect([env.reset(), env.step([0.1]), env.step([0.1])]).toEqual(frames)
})

test('a wrapper refuses the state of another', () => {
  const env = timeLimit(new Point(0), 4)
  expect(() => env.setState(normaliseObservation(new Point(0)).getState())).toThrow(
    "state.meta.wrapper: expected 'timeLimit', received 'normaliseObservation'",
  )
  const { meta } = env.getState()
  expect(() => env.setState({ values: new Float64Array(0), meta })).toThrow(
    'state.values: expected at least 1 numbers, received 0',
  )
})
