import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type ActionRule,
  type Agent,
  type AgentState,
  agentPage,
  agents,
  agentsPage,
  createAgent,
  preset,
} from '@revflow/agents'
import { createRng, flattenTree, RevflowError } from '@revflow/core'
import { HostTensor, jit } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { difference, noise, normal, SPACES, setUp, threeUpdates } from './harness.ts'

type Name = keyof typeof agents
const names = Object.keys(agents) as Name[]

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe.each(names)('%s', (name) => {
  it('updates alike compiled and on cpu, and measures what its page says', async () => {
    const problem = setUp(name, {})
    const { state: compiled, ...metrics } = (await threeUpdates(problem, 'onnx')) as Record<string, HostTensor>
    const { state: cpu } = (await threeUpdates(problem, 'eager')) as Record<string, HostTensor>
    expect(difference(compiled!, cpu!)).toBeLessThan(2e-4)
    const optional = agents[name].config.parse({}) as { entropy?: object }
    const documented = Object.keys(agents[name].metrics).filter((key) => key !== 'entropy' || name.startsWith('sac') || optional.entropy) // biome-ignore format: one condition
    expect(Object.keys(metrics).sort()).toEqual(documented.sort())
  })

  it('stays finite where times are drawn at their ends, and actions lie at their bounds', async () => {
    const problem = setUp(name, {})
    if (!problem.noise.t) return
    const { shape, data } = problem.noise.t
    const t = HostTensor.from(data.map((_, i) => (i % 2 ? 1 : 2 ** -33)) as Float32Array, shape)
    const action = HostTensor.from(
      problem.batch.action!.data.map(Math.sign) as Float32Array,
      problem.batch.action!.shape,
    )
    const after = await threeUpdates({ ...problem, batch: { ...problem.batch, action }, noise: { ...problem.noise, t } }, 'onnx') // biome-ignore format: one line a case
    for (const [path, { data: values }] of flattenTree(after)) expect(values.every(Number.isFinite), path).toBe(true)
  })

  it('acts within bounds by every rule, the same compiled and eager', async () => {
    const { algorithm, state } = setUp(name, {})
    const observation = normal(9, 3, 5)
    for (const rule of ['sample', 'mode', 'best', 'explore'] as ActionRule[]) {
      const specs = algorithm.noise.act(rule, 3)
      const act = (s: AgentState, o: tf.Tensor2D, n: Record<string, tf.Tensor>) => algorithm.act(rule, s, o, n)
      const [compiled, eager] = await Promise.all(
        (['onnx', 'eager'] as const).map((engine) =>
          jit(act, { engine, threads: 1 })(state as never, observation, noise(specs) as never),
        ),
      )
      expect(compiled!.shape).toEqual([3, 3])
      expect(difference(compiled!, eager!)).toBeLessThan(1e-3)
      expect(Math.max(...compiled!.data.map(Math.abs))).toBeLessThanOrEqual(1)
    }
  })

  it('has a page that is current', () => {
    const page = readFileSync(join(import.meta.dirname, `../../../docs/agents/${name}.md`), 'utf8')
    expect(page, 'run: pnpm revflow agents --docs docs/agents').toBe(agentPage(agents[name] as unknown as Agent))
  })

  it('has options with descriptions and defaults, and names itself', () => {
    expect(agents[name].name).toBe(name)
    const schema = z.toJSONSchema(agents[name].config, { io: 'input' })
    const optional = [
      'actorAverage',
      'actorDecay',
      'backup',
      'entropy',
      'nStep',
      'ownActions',
      'pessimism',
      'targetClip',
    ]
    for (const [key, option] of Object.entries(schema.properties!)) {
      expect(option, `${name}.${key}`).toHaveProperty('description')
      if (!optional.includes(key)) expect(option, `${name}.${key}`).toHaveProperty('default')
    }
    expect(() => createAgent(agents, name, { hiden: [3] }, SPACES)).toThrow("did you mean 'hidden'?")
  })
})

/** The mean of what is backed up in a third update, and n. */
async function targetValue(name: Name, options: object) {
  const problem = setUp(name, options)
  const { targetValue: value } = (await threeUpdates(problem, 'onnx')) as Record<string, HostTensor>
  return [value!.data[0] as number, problem.algorithm.nStep] as const
}

it.each(['rfm', 'rfm-entropy', 'sac', 'qsm'] as const)(
  '%s backs up less the more pessimistic it is, by the distance of its critics',
  async (name) => {
    const still = { actorLearningRate: 1e-9, criticLearningRate: 1e-9 }
    const backedUp = async (options: object) => (await targetValue(name, { ...still, ...options }))[0]
    const [mean, minimum, lower] = await Promise.all([0, 1, 3].map((pessimism) => backedUp({ pessimism })))
    expect(minimum).toBe(await backedUp({}))
    expect(minimum).toBeLessThan(mean! - 1e-3)
    expect(mean! - lower!).toBeCloseTo(3 * (mean! - minimum!), 5)
  },
)

it.each(['rfm', 'sac', 'qsm'] as const)('%s backs up values by γ^n behind n rewards', async (name) => {
  const [three, nStep] = await targetValue(name, { discount: 0.9, nStep: 3 })
  expect(nStep).toEqual({ steps: 3, discount: 0.9 })
  expect(three).toBeCloseTo((await targetValue(name, { discount: 0.9 ** 3 }))[0], 6)
  expect(three).not.toBeCloseTo((await targetValue(name, { discount: 0.9 }))[0], 6)
})

it('are listed on a page that is current', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/agents/index.md'), 'utf8')
  expect(page, 'run: pnpm revflow agents --docs docs/agents').toBe(
    agentsPage(Object.values(agents) as unknown as Agent[]),
  )
})

describe('a preset', () => {
  const parse = (name: Name, options: object) => agents[name].config.parse(options)

  it('keeps the values beside a nested option that is overridden', () => {
    expect(parse('qsm', { exploration: { rule: 'mode' } }).exploration).toEqual({ rule: 'mode', noise: 0.1 })
    expect(parse('qsm-scaled', { exploration: { rule: 'mode' } }).exploration).toEqual({ rule: 'mode', noise: 0.1 })
    expect(parse('sdac-published', { exploration: { noise: 0.2 } }).exploration).toEqual({ rule: 'best', noise: 0.2 })
    expect(parse('sdac-published', { actorDecay: { to: 0 } })).toMatchObject({
      actorDecay: { shape: 'linear', to: 0, updates: 1_000_000 },
    })
  })

  it('can leave out what another one sets', () => {
    const { config } = preset(agents['rfm-entropy'], { options: { entropy: undefined } })
    expect(config.parse({}).entropy).toBeUndefined()
  })

  it('keeps the values beside the kind that it names, not those of other kinds', () => {
    const temperature = (options: object) => parse('rfm-pool', { temperature: options })
    expect(temperature({ kind: 'spread', floor: 0.2 })).toMatchObject({ temperature: { scale: 0.1, floor: 0.2 } })
    expect(temperature({ kind: 'fixed' })).toMatchObject({ temperature: { kind: 'fixed', value: 0.1 } })
    expect(agents['rfm-pool'].config.safeParse({ temperature: {} }).success).toBe(false)
  })
})

describe('options that do not fit', () => {
  it.each(names)('of %s are refused: more transitions for the policy than a batch has', (name) => {
    expect(() => createAgent(agents, name, { batchSize: 64, actorBatchSize: 128 }, SPACES)).toThrow(
      'agent.actorBatchSize: expected at most batchSize, 64, received 128',
    )
  })

  it('are refused: an odd number of features of time', () => {
    const odd = () => createAgent(agents, 'rfm', { timeFeatures: 7 }, SPACES)
    expect(odd).toThrow('agent.timeFeatures: expected a multiple of 2, received 7')
  })

  it('are refused, or every sampler draws finite actions on every schedule from every prediction', () => {
    const refused: string[] = []
    const kinds = ['linear-flow', 'cosine-flow', 'vp-cosine', 'vp-linear', 've-geometric', 'ddpm', 'ddpm-vp']
    for (const sampler of ['ode', 'sde', 'ancestral'])
      for (const kind of kinds)
        for (const prediction of ['velocity', 'data', 'noise', 'score'])
          for (const tMin of [0, 0.05]) {
            const options = { sampler, schedule: { kind }, prediction, tMin, hidden: [4], odeSteps: 3 }
            const what = `${sampler} ${kind} ${prediction} ${tMin}`
            tf.tidy(() => {
              try {
                const algorithm = createAgent(agents, 'rfm', options, SPACES)
                const draws = Object.entries(noise(algorithm.noise.act('sample', 2)))
                const given = Object.fromEntries(
                  draws.map(([key, { data, shape }]) => [key, tf.tensor(data, [...shape])]),
                )
                const actions = algorithm.act('sample', algorithm.init(createRng(1)), tf.zeros([2, 5]), given)
                expect([...actions.dataSync()].every(Number.isFinite), what).toBe(true)
              } catch (error) {
                if (!(error instanceof RevflowError)) throw error
                refused.push(`${what}: ${error.message}`)
              }
            })
          }
    // no α² + β² = 1 to step by: two schedules, four predictions, two times
    expect(refused.filter((line) => line.includes('agent.sampler'))).toHaveLength(16)
    expect(refused).toContain(
      "ancestral ve-geometric score 0: agent.sampler: expected ode or sde, as α² + β² = 1 does not hold for the schedule ve-geometric, received 'ancestral'; did you mean 'ode'?",
    )
    // nothing but noise at t = 0
    const start = refused.filter((line) => line.includes('agent.tMin: expected more than 0'))
    expect(start.every((line) => / (linear-flow|cosine-flow|vp-cosine) \w+ 0:/.test(line))).toBe(true)
    expect(start).toHaveLength(refused.length - 16)
  })
})

it('count what an update puts through the policy network', () => {
  const cost = (name: Name, options: object = {}) =>
    createAgent(agents, name, { batchSize: 10, actorBatchSize: 6, odeSteps: 4, ...options }, SPACES).cost
  // ten draws of four steps, six learned from
  expect(cost('rfm').policyEvaluations).toBe(10 * 4 + 6 * 2)
  expect(cost('qsm').policyEvaluations).toBe(10 * 4 + 6 * 2)
  // the policy's own guess at the data
  expect(cost('rfm-mix').policyEvaluations).toBe(10 * 4 + 6 * (1 + 2))
  expect(cost('rfm', { estimator: 'rfm-mix', noisyActions: 2 }).policyEvaluations).toBe(10 * 4 + 12 * (1 + 2))
  // the best of three draws backed up, half of the noised actions drawn anew
  expect(cost('rfm', { backup: 'best', bestOf: 3, ownActions: 0.5 }).policyEvaluations).toBe((30 + 3) * 4 + 6 * 2)
  // a velocity and three gradients of its components a step; one gradient where probed; two draws a state
  expect(cost('rfm-entropy').policyEvaluations).toBe(10 * 4 * (1 + 2 * 3) + 6 * 2)
  const probed = { entropy: { samples: 2, divergence: 'hutchinson' } }
  expect(cost('rfm-entropy', probed).policyEvaluations).toBe(20 * 4 * (1 + 2) + 6 * 2)
})

describe('options', () => {
  const run = async (name: Name, options: object) => {
    const problem = setUp(name, options)
    return { problem, after: (await threeUpdates(problem, 'onnx')) as Record<string, never> }
  }
  const scalar = (tensor: unknown) => (tensor as HostTensor).data[0]!

  it('change the policy at every n-th update alone', async () => {
    const { algorithm, state, batch, noise } = setUp('rfm', { policyEvery: 2 })
    const update = jit(algorithm.update, { threads: 1 })
    const once = (await update(state as never, batch as never, noise as never)).state as never
    const twice = (await update(once, batch as never, noise as never)).state as never
    const actor = (tree: unknown) => (tree as { actor: never }).actor
    expect(difference(actor(once), actor(state))).toBe(0)
    expect(difference(actor(twice), actor(state))).toBeGreaterThan(0)
    await update.dispose()
  })

  it('steer λ towards an effective sample size and an entropy', async () => {
    const lambda = async (kind: string, target: number) => {
      const entropy = kind === 'entropy' ? { entropy: { samples: 2, divergence: 'hutchinson' } } : {}
      const { after } = await run('rfm', { temperature: { kind, target, initial: 0.5, rate: 0.1 }, ...entropy })
      return scalar(after.temperature)
    }
    // two changes of λ are behind the third update's
    expect(await lambda('ess', 1)).toBeGreaterThan(0.5)
    expect(await lambda('ess', 0.01)).toBeLessThan(0.5)
    expect(await lambda('entropy', 20)).toBeCloseTo(0.5 * Math.exp(0.2), 5)
    expect(await lambda('entropy', -20)).toBeCloseTo(0.5 * Math.exp(-0.2), 5)
    expect(() => setUp('rfm', { temperature: { kind: 'entropy' } })).toThrow('the option entropy')
  })

  it('anneal the floor of λ on a line of its logarithm, beneath the spread of Q', async () => {
    // the third update has two behind it
    const lambda = async (updates: number, scale: number) => {
      const temperature = { kind: 'spread', scale, floor: 0.05, anneal: { from: 0.5, updates } }
      return scalar((await run('rfm', { temperature })).after.temperature)
    }
    expect(await lambda(4, 1e-9)).toBeCloseTo(0.5 * 0.1 ** (2 / 4), 6)
    expect(await lambda(1, 1e-9)).toBeCloseTo(0.05, 6)
    expect(await lambda(4, 1e3)).toBeGreaterThan(0.5)
    const rising = { kind: 'spread', floor: 0.2, anneal: {} }
    expect(() => setUp('rfm', { temperature: rising })).toThrow(
      'anneal.from: expected at least floor, 0.2, received 0.1',
    )
  })

  it('scale rewards, and hold the norm of a target', async () => {
    const one = await run('rfm', { discount: 0 })
    const half = await run('rfm', { discount: 0, rewardScale: 0.5 })
    expect(scalar(half.after.targetValue)).toBeCloseTo(0.5 * scalar(one.after.targetValue), 6)
    const clipped = await run('idem', { targetClip: 1e-6, temperature: { kind: 'fixed', value: 1e-3 } })
    const free = await run('idem', { targetClip: 1e6, temperature: { kind: 'fixed', value: 1e-3 } })
    expect(scalar(clipped.after.actorLoss)).toBeLessThan(scalar(free.after.actorLoss))
  })

  it('add exploration noise of the deviation asked for', async () => {
    const { algorithm, state } = setUp('sac', { exploration: { rule: 'mode', noise: 0.2 } })
    const n = 2000
    const observation = HostTensor.from(new Float32Array(5 * n), [n, 5])
    const actions = await Promise.all(
      (['mode', 'explore'] as const).map((rule) =>
        jit((s: AgentState, o: tf.Tensor2D, e: Record<string, tf.Tensor>) => algorithm.act(rule, s, o, e))(
          state as never,
          observation,
          noise(algorithm.noise.act(rule, n)) as never,
        ),
      ),
    )
    const [mode, explore] = actions.map(({ data }) => [...data])
    const variance = explore!.reduce((sum, v, i) => sum + (v - mode![i]!) ** 2, 0) / explore!.length
    // the mean of 6,000 squares has a relative deviation of √(2/6000) = 0.018
    expect(Math.abs(variance / 0.04 - 1)).toBeLessThan(4 * 0.018)
  })
})
