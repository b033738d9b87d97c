import { createRng } from '@revflow/core'
import { describe, expect, test } from 'vitest'
import { defineTask, findTask, listTasks, type MujocoEnv, makeEnv } from '../src/index.ts'

const tasks = listTasks().map(({ name }) => name)

/** A task with episodes of 60 control steps, so that their ends come soon. */
function shortened(name: string) {
  const task = findTask(name)
  return defineTask({ ...task, timeLimit: 60 * task.controlTimestep })
}

/** A deterministic action that moves every joint. */
function actionAt({ actionSpace }: MujocoEnv, step: number): number[] {
  return actionSpace.names.map((_, i) => Math.sin(0.7 * step + 2 * i))
}

/** The message of what a function throws. */
function messageOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing was thrown'
}

/** Everything seen over some steps, resetting at each episode's end, and the state then. */
function roll(env: MujocoEnv, from: number, steps: number): number[][] {
  const seen: number[][] = []
  for (let step = from; step < from + steps; step++) {
    const { observation, reward, truncated } = env.step(actionAt(env, step))
    seen.push([...observation, reward, ...env.evaluate().observation, ...env.physics.saveState()])
    if (truncated) seen.push([...env.reset().observation])
  }
  seen.push([...env.getState().values])
  return seen
}

describe.each(tasks)('%s', (name) => {
  const task = shortened(name)

  test('continues a saved state in a fresh environment to the bit, through the next reset', async () => {
    const first = await makeEnv(task, { seed: 3, actionRepeat: 2 })
    first.reset()
    roll(first, 0, 25)
    const state = first.getState()
    const stored = { values: Float64Array.from(state.values), meta: JSON.parse(JSON.stringify(state.meta)) }
    const expected = roll(first, 25, 15)
    const second = await makeEnv(task, { seed: 99, actionRepeat: 2 })
    second.setState(stored)
    expect(second.getState()).toEqual(state)
    expect(roll(second, 25, 15)).toEqual(expected)
    first.setState(stored)
    expect(roll(first, 25, 15)).toEqual(expected)
    first.close()
    second.close()
  })

  test('saves a state right after a reset, and an ended one', async () => {
    const env = await makeEnv(task)
    env.reset()
    const fresh = env.getState()
    const expected = roll(env, 0, 20)
    env.setState(fresh)
    expect(roll(env, 0, 20)).toEqual(expected)
    for (let step = 20; step < env.episodeSteps; step++) env.step(actionAt(env, step))
    env.setState(env.getState())
    expect(messageOf(() => env.step(actionAt(env, 0)))).toContain('the episode ended after 60 steps')
    env.close()
  })

  test('the same seed gives the same episodes, another seed others', async () => {
    const env = await makeEnv(task, { seed: 5 })
    const [first, second] = [env.reset().observation, env.reset().observation]
    expect(first).not.toEqual(second)
    expect(env.reset(5).observation).toEqual(first)
    expect(env.reset().observation).toEqual(second)
    expect(env.reset(6).observation).not.toEqual(first)
    env.close()
  })

  test('truncates at its time limit and never terminates', async () => {
    const env = await makeEnv(task, { actionRepeat: 7 })
    env.reset()
    let calls = 0
    for (let truncated = false; !truncated; calls++) {
      const result = env.step(actionAt(env, calls))
      truncated = result.truncated
      expect(result.terminated).toBe(false)
      expect(result.info.elapsedSteps).toBe(Math.min(60, 7 * (calls + 1)))
    }
    expect(calls).toBe(9)
    env.close()
  })

  test('a whole episode of random actions: no warning of MuJoCo, rewards in [0, 1]', async () => {
    const env = await makeEnv(name)
    const rng = createRng(0, 'actions')
    const action = new Float64Array(env.actionSpace.size)
    env.reset()
    for (let step = 1; step <= 1000; step++) {
      const { reward, truncated } = env.step(rng.fillUniform(action, -1, 1))
      if (!(reward >= 0 && reward <= 1)) expect.fail(`reward ${reward} at step ${step}`)
      expect(truncated).toBe(step === 1000)
    }
    expect(env.physics.warnings()).toEqual([])
    env.close()
  })

  test('keeps MuJoCo’s memory flat over steps, resets, snapshots and environments', async () => {
    const keeper = await makeEnv(task)
    const heap = () => keeper.physics.dataView('qpos')().buffer.byteLength
    const use = async () => {
      const env = await makeEnv(task)
      for (let episode = 0; episode < 4; episode++) {
        env.reset()
        for (let step = 0; step < 10; step++) env.step(actionAt(env, step))
        env.setState(env.getState())
      }
      env.close()
    }
    await use()
    const before = heap()
    for (let round = 0; round < 8; round++) await use()
    expect(heap()).toBe(before)
    keeper.close()
  })
})

test('steps, resets and snapshots leave nothing behind in MuJoCo’s memory', async () => {
  const env = await makeEnv('reacher-hard')
  env.reset()
  const before = env.physics.dataView('qpos')().buffer
  // 760 bytes a snapshot: 15 MB in all, were they kept.
  for (let i = 0; i < 20_000; i++) {
    env.setState(env.getState())
    if (env.step([1, -1]).truncated) env.reset()
  }
  expect(env.physics.dataView('qpos')().buffer).toBe(before)
  env.close()
})

test('an action repeat sums the rewards of the steps it stands for', async () => {
  const [one, three] = [await makeEnv('cartpole-swingup'), await makeEnv('cartpole-swingup', { actionRepeat: 3 })]
  one.reset()
  three.reset()
  for (let step = 0; step < 10; step++) {
    const action = actionAt(one, step)
    const results = [one.step(action), one.step(action), one.step(action)]
    const repeated = three.step(action)
    expect(repeated.reward).toBe(results.reduce((sum, { reward }) => sum + reward, 0))
    expect(repeated.observation).toEqual(results[2]!.observation)
  }
  one.close()
  three.close()
})

test('views follow MuJoCo’s memory where it grows', async () => {
  const env = await makeEnv('reacher-easy', { seed: 1 })
  const twin = await makeEnv('reacher-easy', { seed: 1 })
  env.reset()
  twin.reset()
  const before = env.physics.dataView('qpos')().buffer
  const others: MujocoEnv[] = []
  while (before.byteLength > 0) others.push(await makeEnv('cheetah-run'))
  expect(roll(env, 0, 30)).toEqual(roll(twin, 0, 30))
  for (const other of [...others, env, twin]) other.close()
})

test('actions are clipped to their bounds', async () => {
  const [clipped, bounded] = [await makeEnv('pendulum-swingup'), await makeEnv('pendulum-swingup')]
  clipped.reset()
  bounded.reset()
  expect(clipped.step([Number.POSITIVE_INFINITY]).observation).toEqual(bounded.step([1]).observation)
  expect(clipped.step(Float32Array.of(-7)).observation).toEqual(bounded.step([-1]).observation)
  clipped.close()
  bounded.close()
})

test('tells of diverged physics', async () => {
  const strict = await makeEnv('cheetah-run')
  strict.reset()
  strict.physics.dataView('qvel')()[2] = Number.NaN
  expect(messageOf(() => strict.step([0, 0, 0, 0, 0, 0]))).toMatchInlineSnapshot(
    `"cheetah-run.step: received BADQPOS, BADQVEL at step 1; the physics diverged: reset, or make the environment with onDivergence: 'truncate'"`,
  )
  expect(() => strict.step([0, 0, 0, 0, 0, 0])).toThrow(/the episode ended/)
  expect([...strict.reset().observation].every(Number.isFinite)).toBe(true)

  const lenient = await makeEnv('cheetah-run', { onDivergence: 'truncate' })
  const { observation } = lenient.reset()
  lenient.physics.dataView('qpos')()[1] = 1e11
  const result = lenient.step([0, 0, 0, 0, 0, 0])
  expect(result).toEqual({
    observation,
    reward: 0,
    terminated: false,
    truncated: true,
    info: { elapsedSteps: 1, diverged: true, warnings: ['BADQPOS'] },
  })
  strict.close()
  lenient.close()
})

test('errors say what to do', async () => {
  const env = await makeEnv('reacher-easy', { outOfBounds: 'error' })
  expect(messageOf(() => env.step([0, 0]))).toMatchInlineSnapshot(`"reacher-easy.step: call reset() before step()"`)
  env.reset()
  expect(messageOf(() => env.step([0]))).toMatchInlineSnapshot(
    `"action: expected 2 numbers (shoulder, wrist), received 1"`,
  )
  expect(messageOf(() => env.step([0, Number.NaN]))).toMatchInlineSnapshot(
    `"action[1] (wrist): expected a number, received NaN"`,
  )
  expect(messageOf(() => env.step([1.5, 0]))).toMatchInlineSnapshot(
    `"action[0] (shoulder): expected -1 … 1, received 1.5"`,
  )
  const state = env.getState()
  const short = { ...state, values: state.values.subarray(1) }
  expect(messageOf(() => env.setState(short))).toMatchInlineSnapshot(`"state.values: expected 95 numbers, received 94"`)
  const other = { ...state, meta: { ...state.meta, task: 'reacher-hard' } }
  expect(messageOf(() => env.setState(other))).toMatchInlineSnapshot(
    `"state.meta.task: expected 'reacher-easy', received 'reacher-hard'"`,
  )
  expect(messageOf(() => env.physics.id('geom', 'sphere'))).toMatchInlineSnapshot(
    `"geom: expected one of ground, wall_x, wall_y, wall_neg_x, wall_neg_y, root, target, arm, hand, finger, received 'sphere'; did you mean 'arm'?"`,
  )
  env.close()
  env.close()
  expect(messageOf(() => env.reset())).toMatchInlineSnapshot(
    `"reacher-easy: it was closed: make a new one with makeEnv"`,
  )
})

test('makeEnv names what it does not know', async () => {
  await expect(makeEnv('cheetah-walk')).rejects.toThrow(
    `task: expected one of ${tasks.join(', ')}, received 'cheetah-walk'; did you mean 'cheetah-run'?`,
  )
  await expect(makeEnv('cheetah-run', { actionrepeat: 2 } as object)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[RevflowError: makeEnv.actionrepeat: expected one of seed, actionRepeat, outOfBounds, onDivergence, received 'actionrepeat'; did you mean 'actionRepeat'?]`,
  )
  await expect(makeEnv('cheetah-run', { actionRepeat: 0 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[RevflowError: makeEnv.actionRepeat: expected at least 1, received 0]`,
  )
})

test('a task of one’s own', async () => {
  const pendulum = findTask('pendulum-swingup')
  const hanging = defineTask({
    ...pendulum,
    name: 'pendulum-hang',
    controlTimestep: 0.04,
    bind: (physics) => ({ ...pendulum.bind(physics), reward: () => Math.abs(physics.dataView('qpos')()[0]!) }),
  })
  const env = await makeEnv(hanging)
  env.reset()
  expect(env.episodeSteps).toBe(500)
  const { reward } = env.step([0])
  expect(env.physics.data.time).toBeCloseTo(0.04, 12)
  expect(reward).toBe(Math.abs(env.physics.dataView('qpos')()[0]!))
  env.close()

  await expect(makeEnv({ ...hanging, actions: ['motor'] })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[RevflowError: pendulum-hang.actions: expected the model's actuators torque, received motor]`,
  )
  await expect(makeEnv({ ...hanging, controlTimestep: 0.05 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[RevflowError: pendulum-hang.controlTimestep: expected a multiple of the model's time step 0.02 s, received 0.05 s]`,
  )
  expect(messageOf(() => defineTask({ ...hanging, timeLimit: 0.05 }))).toMatchInlineSnapshot(
    `"pendulum-hang.timeLimit: expected a multiple of controlTimestep, received 0.05"`,
  )
})

test('lists its tasks', () => {
  expect(listTasks()).toContainEqual({
    name: 'cheetah-run',
    observationSize: 17,
    actionSize: 6,
    controlTimestep: 0.01,
    episodeSteps: 1000,
  })
})
