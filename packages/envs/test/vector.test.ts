import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { makeEnv, timeLimit } from '../src/index.ts'
import { makeVectorEnv, type VectorEnv, type VectorStepResult, vectorSeeds } from '../src/vector/index.ts'
import { awaitWord } from '../src/vector/lane.ts'

const point = new URL('./point.ts', import.meta.url)

const actionsAt = ({ size, actionSpace }: VectorEnv, step: number) =>
  Float64Array.from({ length: size * actionSpace.size }, (_, i) => 0.2 * Math.sin(0.7 * step + 2 * i))

/** Everything seen over some steps. */
function roll(envs: VectorEnv, from: number, steps: number) {
  return Array.from({ length: steps }, (_, i) => envs.step(actionsAt(envs, from + i)))
}

test('the same seed gives the same trajectories with any number of workers', async () => {
  const all = await Promise.all([0, 1, 3].map((workers) => makeVectorEnv(point, 4, { workers, seed: 5 })))
  const seen = all.map((envs) => [envs.reset(), ...roll(envs, 0, 60), envs.reset(5), envs.reset(), envs.reset(6)])
  expect(seen[1]).toEqual(seen[0])
  expect(seen[2]).toEqual(seen[0])
  expect(seen[0]!.at(-3)).toEqual(seen[0]![0])
  expect(seen[0]!.at(-1)).not.toEqual(seen[0]![0])
  for (const envs of all) await envs.close()
})

test('physics in workers is that of single environments', async () => {
  const envs = await makeVectorEnv('cheetah-run', 3, { workers: 2, seed: 5 })
  const results = [envs.reset(), ...roll(envs, 0, 20)]
  for (const [i, seed] of vectorSeeds(5, 3).entries()) {
    const single = await makeEnv('cheetah-run', { seed })
    const row = <A extends Float32Array | Float64Array>(values: A, size: number) =>
      values.slice(i * size, (i + 1) * size)
    expect(single.reset().observation).toEqual(row(results[0]!.observation, 17))
    for (let step = 0; step < 20; step++) {
      const { observation, reward } = single.step(row(actionsAt(envs, step), 6))
      expect(observation).toEqual(row(results[step + 1]!.observation, 17))
      expect(reward).toBe((results[step + 1] as VectorStepResult).reward[i])
    }
    expect(envs.getState()[i]).toEqual(single.getState())
    single.close()
  }
  await envs.close()
})

test.each([0, 2])(
  'with %i workers an ended episode is reset in the same step, its last observation told',
  async (workers) => {
    const envs = await makeVectorEnv(point, 3, { workers, seed: 1 })
    const singles = await Promise.all(vectorSeeds(1, 3).map((seed) => makeEnv(point, { seed })))
    expect(envs.reset().observation).toEqual(Float32Array.from(singles.flatMap((env) => [...env.reset().observation])))
    let ended = 0
    for (let step = 0; step < 60; step++) {
      const result = envs.step([0.1, 0, -0.05])
      for (const [i, env] of singles.entries()) {
        const { observation, terminated, reward } = env.step([[0.1, 0, -0.05][i]!])
        expect(result.terminated[i]).toBe(Number(terminated))
        expect(result.truncated[i]).toBe(0)
        expect(result.reward[i]).toBe(reward)
        expect(result.finalObservation.get(i)).toEqual(terminated ? observation : undefined)
        if (terminated) ended++
        expect(result.observation[i]).toBe((terminated ? env.reset().observation : observation)[0])
      }
    }
    expect(ended).toBeGreaterThan(3)
    await envs.close()
  },
)

test('truncation is told apart from termination', async () => {
  const source = async (options: object) => timeLimit(await makeEnv('pendulum-swingup', options), 3)
  const envs = await makeVectorEnv(source, 2, { actionRepeat: 2 })
  envs.reset()
  expect(envs.step([0, 0]).finalObservation.size).toBe(0)
  const result = envs.step([0, 0])
  expect([...result.truncated, ...result.terminated]).toEqual([1, 1, 0, 0])
  expect([...result.finalObservation.keys()]).toEqual([0, 1])
  await envs.close()
})

test('states continue to the bit with another number of workers', async () => {
  const envs = await makeVectorEnv(point, 3, { seed: 2, workers: 2 })
  const others = await makeVectorEnv(point, 3, { seed: 3 })
  envs.reset()
  roll(envs, 0, 30)
  const states = envs.getState()
  others.setState(states)
  expect(others.getState()).toEqual(states)
  expect(roll(others, 30, 30)).toEqual(roll(envs, 30, 30))
  expect(() => others.setState(states.slice(1))).toThrow('states: expected 3 states, received 2')
  await Promise.all([envs.close(), others.close()])
})

test.each([0, 2])('with %i workers errors come with their facts, and a reset mends', async (workers) => {
  const envs = await makeVectorEnv('reacher-easy', 3, { workers, outOfBounds: 'error' })
  expect(() => envs.step(new Float64Array(6))).toThrow('reacher-easy.step: call reset() before step()')
  const { observation } = envs.reset(4)
  expect(() => envs.step([0])).toThrow('actions: expected 3 × 2 numbers, received 1')
  let caught: unknown
  try {
    envs.step([0, 0, 0, 0, 0, Number.NaN])
  } catch (error) {
    caught = error
  }
  expect(caught).toMatchObject({
    name: 'RevflowError',
    code: 'invalid-action',
    path: 'environments[2]: action[1] (wrist)',
    expected: 'a number',
    received: 'NaN',
  })
  expect(() => envs.step([0, 0, 2, 0, 0, 2])).toThrow('call reset() before step()')
  expect(envs.reset(4).observation).toEqual(observation)
  // The first environment's error is told, wherever it runs.
  expect(() => envs.step([0, 0, 2, 0, 0, 2])).toThrow(
    'environments[1]: action[0] (shoulder): expected -1 … 1, received 2',
  )
  await envs.close()
  expect(() => envs.reset()).toThrow('reacher-easy: it was closed: make a new one')
})

test('errors of an environment of one’s own carry their stack', async () => {
  const envs = await makeVectorEnv(point, 2, { workers: 1 })
  envs.reset()
  let caught: unknown
  try {
    envs.step([0, 99])
  } catch (error) {
    caught = error
  }
  expect(caught).toMatchObject({ code: 'env-failed', message: 'environments[1]: received 99 is not a push' })
  expect((caught as Error & { cause: Error }).cause.stack).toContain('point.ts')
  await envs.close()
})

test('a wake-up that comes late, for a word already seen, is not taken for the next', async () => {
  const signal = new Int32Array(new SharedArrayBuffer(8))
  const code = `
    const { signal } = require('node:worker_threads').workerData
    const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
    sleep(50)
    while (Atomics.notify(signal, 1) === 0) sleep(1)
    sleep(50)
    Atomics.store(signal, 1, 2)
    Atomics.notify(signal, 1)`
  const other = new Worker(code, { eval: true, workerData: { signal } })
  expect(awaitWord(signal, 1, 60)).toBe(2)
  await once(other, 'exit')
  expect(awaitWord(signal, 0, 0.01)).toBe(0)
})

test('a worker that ends or hangs is told of', async () => {
  const module = (code: string) => {
    const env = `{ task: 'bad', observationSpace: { size: 1, entries: [] }, actionSpace: { size: 1, names: [''], low: [0], high: [1] },
      reset: () => ({ observation: new Float32Array(1) }), step() { ${code} }, close() {} }`
    return new URL(`data:text/javascript,export default () => (${encodeURIComponent(env)})`)
  }
  const leaving = await makeVectorEnv(module('process.exit(3)'), 2, { workers: 2 })
  leaving.reset()
  expect(() => leaving.step([0, 0])).toThrow(/environments\[0 … 0\]: expected an answer within 60 s, received none/)
  await leaving.close()
  const hanging = await makeVectorEnv(module('for (;;);'), 1, { workers: 1, timeout: 0.1 })
  hanging.reset()
  expect(() => hanging.step([0])).toThrow(/expected an answer within 0\.1 s/)
  expect(() => hanging.reset()).toThrow(/expected an answer within 0\.1 s/)
  await hanging.close()
})

test('makeVectorEnv refuses what it cannot do', async () => {
  const refused = (run: Promise<unknown>) => expect(run).rejects
  await refused(makeVectorEnv('cheetah-walk', 2, { workers: 1 })).toThrow(/did you mean 'cheetah-run'/)
  await refused(makeVectorEnv('cheetah-run', 0)).toThrow('makeVectorEnv.n: expected an integer ≥ 1, received 0')
  await refused(makeVectorEnv('cheetah-run', 2, { workers: 3 })).toThrow('expected at most n = 2, received 3')
  await refused(makeVectorEnv('cheetah-run', 2, { worker: 1 } as object)).toThrow("did you mean 'workers'")
  await refused(makeVectorEnv(() => makeEnv('cheetah-run'), 2, { workers: 1 })).toThrow(
    'makeVectorEnv.source: expected the name of a task or the URL of a module',
  )
})

test('a program that forgets to close ends', async () => {
  const code = `
    import('tsx/esm/api').then(async ({ register }) => {
      register()
      const { makeVectorEnv } = await import('${new URL('../src/vector/index.ts', import.meta.url)}')
      ;(await makeVectorEnv(new URL('${point}'), 2, { workers: 1 })).reset()
    })`
  const program = new Worker(code, { eval: true, execArgv: ['--conditions=revflow-source'] })
  expect(await once(program, 'exit')).toEqual([0])
})
