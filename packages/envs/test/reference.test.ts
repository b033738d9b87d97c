import { readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createPhysics, findTask, listTasks, loadMujoco, makeEnv } from '../src/index.ts'
import { writeBowl } from '../src/terrain.ts'
import {
  compareModel,
  compareProbes,
  compareResets,
  compareSpecification,
  compareTolerance,
  compareTrajectory,
  schemas,
} from '../src/testing/index.ts'

const root = new URL('./fixtures/', import.meta.url)
function read<S extends z.ZodType>(file: string, schema: S): z.output<S> {
  return schema.parse(JSON.parse(gunzipSync(readFileSync(new URL(`${file}.gz`, root))).toString('utf8')))
}

/** The recorded trajectory of a task with seed 0. */
function readTrajectory(task: string) {
  if (task !== 'quadruped-escape') return read(`trajectories/${task}.seed0.json`, schemas.trajectory)
  // A height field of 40,401 numbers: kept are the 900 bumps that the original's generator drew for it.
  const { bumps, trajectory } = read(
    'escape.seed0.json',
    z.object({ bumps: z.array(z.number()), trajectory: schemas.trajectory }),
  )
  const value = new Float32Array(201 * 201)
  writeBowl(value, Float64Array.from(bumps), 201)
  const change = { field: 'hfield_data', visual: false, value: Array.from(value) }
  return { ...trajectory, initial: { ...trajectory.initial, model_changes: [change] } }
}

const metadata = read('metadata.json', schemas.metadata)
const known = read('reproducibility.json', schemas.reproducibility)
const stats = read('initial_state_stats.json', schemas.initialStateStats)
/** Tasks that were recorded; one's own has no original to be compared with. */
const tasks = Object.keys(metadata.tasks)

test('every recorded task is built in', () => {
  expect(listTasks().map(({ name }) => name)).toEqual(expect.arrayContaining(tasks))
})

describe.each(tasks)('%s', (task) => {
  test('has the recorded specification', async () => {
    const env = await makeEnv(task)
    expect(compareSpecification(env, metadata.tasks[task]!)).toMatchObject({ ok: true })
    env.close()
  })

  test('declares every model field it is known to write', () => {
    const changes = (
      metadata.tasks[task] as unknown as { model_changes_at_reset: { field: string; visual: boolean }[] }
    ).model_changes_at_reset
    const written = changes.filter(({ visual }) => !visual).map(({ field }) => field)
    expect([...(findTask(task).modelFields ?? [])].sort()).toEqual(written.sort())
  })

  test('compiles to the recorded model', async () => {
    const facts = read(`models/${metadata.tasks[task]!.model}`, schemas.modelFacts)
    const comparison = compareModel(await loadMujoco(), findTask(task).xml, facts)
    expect(comparison).toMatchObject({ ok: true })
    expect(comparison.compared).toBeGreaterThan(500)
  })

  test('replays the recorded trajectory', async () => {
    const env = await makeEnv(task)
    const comparison = compareTrajectory(env, readTrajectory(task), known.tasks[task])
    expect(comparison).toMatchObject({ ok: true })
    // The toes of fetch's upright robot touch the floor or not by a rounding error: only its reset is compared.
    expect(comparison.compared).toBeGreaterThan(task === 'quadruped-fetch' ? 90 : 600)
    env.close()
  })

  // No probes of escape were recorded: they would need a height field each.
  test.skipIf(task === 'quadruped-escape')('gives the recorded observation and reward at every probe', async () => {
    const env = await makeEnv(task)
    expect(compareProbes(env, read(`probes/${task}.json`, schemas.probes))).toMatchObject({ ok: true })
    env.close()
  })

  test('draws initial states of the recorded mean and spread (seed 0, 400 resets, p = 1e-6 a test)', async () => {
    const env = await makeEnv(task)
    expect(compareResets(env, stats.tasks[task]!)).toMatchObject({ ok: true })
    env.close()
  })
})

test('every fixture belongs to a task', () => {
  const recorded = ['trajectories', 'probes'].flatMap((folder) => readdirSync(new URL(folder, root)))
  expect(new Set([...recorded.map((name) => name.split('.')[0]), 'quadruped-escape'])).toEqual(new Set(tasks))
})

test('quadruped-fetch replays its recording to the end, though a rounding error could change it', async () => {
  const env = await makeEnv('quadruped-fetch')
  const comparison = compareTrajectory(env, readTrajectory('quadruped-fetch'))
  expect(comparison).toMatchObject({ ok: true })
  expect(comparison.compared).toBeGreaterThan(9000)
  env.close()
})

test('tolerance has the recorded values', () => {
  const comparison = compareTolerance(read('tolerance_function.json', schemas.toleranceTable))
  expect(comparison).toMatchObject({ ok: true, compared: 3240 })
})

describe('the comparisons see what is wrong', () => {
  test('one field of a model', async () => {
    const facts = read('models/cheetah.json', schemas.modelFacts)
    const xml = findTask('cheetah-run').xml.replace('stiffness="120"', 'stiffness="120.001"')
    const { ok, worst } = compareModel(await loadMujoco(), xml, facts)
    expect({ ok, worst }).toMatchInlineSnapshot(`
      {
        "ok": false,
        "worst": "joints[5].stiffness: 120.001, expected 120",
      }
    `)
  })

  test('a flag of a model', async () => {
    const facts = read('models/reacher.json', schemas.modelFacts)
    const xml = findTask('reacher-easy').xml.replace('ctrllimited="true"', 'ctrllimited="false"')
    const { ok, worst } = compareModel(await loadMujoco(), xml, facts)
    expect({ ok, worst }).toMatchInlineSnapshot(`
      {
        "ok": false,
        "worst": "actuators[0].ctrllimited: 0, expected 1",
      }
    `)
  })

  test('a missing object', async () => {
    const facts = read('models/cheetah.json', schemas.modelFacts)
    const { ok } = compareModel(await loadMujoco(), findTask('pendulum-swingup').xml, facts)
    expect(ok).toBe(false)
  })

  test('other dynamics', async () => {
    const env = await makeEnv('cheetah-run')
    const recording = read('trajectories/cheetah-run.seed0.json', schemas.trajectory)
    const [first, ...rest] = recording.steps.action
    const changed = [first!.map((value, i) => (i === 0 ? value + 1e-6 : value)), ...rest]
    const steps = { ...recording.steps, action: changed }
    expect(compareTrajectory(env, { ...recording, steps }, known.tasks['cheetah-run']).ok).toBe(false)
    env.close()
  })

  test('another reward', async () => {
    const env = await makeEnv('reacher-hard')
    const recording = read('probes/reacher-hard.json', schemas.probes)
    const probes = recording.probes.map((probe, i) => (i === 3 ? { ...probe, reward: 1 - probe.reward } : probe))
    expect(compareProbes(env, { ...recording, probes })).toMatchObject({ ok: false, error: 1 })
    env.close()
  })

  test('another distribution of initial states', async () => {
    const env = await makeEnv('cartpole-balance')
    expect(compareResets(env, stats.tasks['cartpole-swingup']!).ok).toBe(false)
    const recorded = stats.tasks['cartpole-balance']!
    const wider = { ...recorded, qpos: { ...recorded.qpos, std: recorded.qpos.std.map((std) => 1.5 * std) } }
    expect(compareResets(env, wider).ok).toBe(false)
    env.close()
  })

  test('a coordinate that is not drawn, or drawn where it should not be; but not a rare event', async () => {
    const [env, recorded] = [await makeEnv('hopper-stand'), stats.tasks['hopper-stand']!]
    // One touch in 200 recorded resets; none, or several, in 400 of ours.
    expect(recorded.observation.touch!.max).toEqual([expect.closeTo(4.3, 1), 0])
    expect(compareResets(env, recorded).ok).toBe(true)
    const setCoordinate = (i: number, mean: number, std: number, min: number, max: number) => {
      const moments = Object.entries({ mean, std, min, max })
      const qpos = moments.map(([key, value]) => [key, recorded.qpos[key as 'mean'].with(i, value)])
      return { ...recorded, qpos: { ...recorded.qpos, ...Object.fromEntries(qpos) } }
    }
    const [rootX, waist] = [0, 3]
    expect(compareResets(env, setCoordinate(rootX, 0, 0.01, -0.03, 0.03)).worst).toContain('qpos[0]: spread')
    expect(compareResets(env, setCoordinate(waist, 0, 0, 0, 0)).worst).toContain('qpos[3]: spread')
    env.close()
  })
})

test('MJCF that does not compile is an error with its reason', async () => {
  await expect(createPhysics('<mujoco><bogus/></mujoco>')).rejects.toMatchObject({ code: 'invalid-model' })
})
