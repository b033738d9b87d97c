import { agents, qsmTarget, rfmTarget } from '@revflow/agents'
import { knownCritics } from '@revflow/agents/testing'
import { createRng, drawNoise } from '@revflow/core'
import { estimatorNoise, resolveEstimator, truncatedNormal } from '@revflow/stein'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { flowPolicy } from '../src/flow-policy.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

// Q = −2 |a − c|², λ = 0.7, at one noisy action
const CENTRE = [0.3, -0.4]
const LAMBDA = 0.7
const X = [0.2, -0.1]
const K = 6
const slope = (a: readonly number[]) => a.map((v, j) => (-4 * (v - CENTRE[j]!)) / LAMBDA)
const critics = knownCritics((_, action) => tf.mul(-2, tf.sum(tf.square(tf.sub(action, CENTRE)), -1)))
const spaces = { observationSize: 1, actionSize: 2 }

/** Weighted candidates: ε, x1, w̄, the posterior score s(ε) = −ε − (β/α) ∇Q/λ (22). */
function weigh(epsilon: readonly number[][], { alpha, beta }: { alpha: number; beta: number }, clip = false) {
  const candidates = epsilon.map((e) => {
    const x1 = e.map((v, j) => (X[j]! - beta * v) / alpha)
    const a = clip ? x1.map((v) => Math.max(-1, Math.min(1, v))) : x1
    const weight = Math.exp((-2 * a.reduce((sum, v, j) => sum + (v - CENTRE[j]!) ** 2, 0)) / LAMBDA)
    const grad = slope(x1)
    return { epsilon: e, grad, weight, score: e.map((v, j) => -v - (beta / alpha) * grad[j]!) }
  })
  const total = candidates.reduce((sum, { weight }) => sum + weight, 0)
  return candidates.map((candidate) => ({ ...candidate, weight: candidate.weight / total }))
}
type Weighed = ReturnType<typeof weigh>
const mean = (of: Weighed, key: 'epsilon' | 'grad') =>
  [0, 1].map((j) => of.reduce((sum, one) => sum + one.weight * one[key][j]!, 0))
/** E[X0|x] with the optimal η of each coordinate (20). */
const optimal = (of: Weighed) =>
  mean(of, 'epsilon').map((mu, j) => {
    const sum = (term: (one: Weighed[number]) => number) => of.reduce((s, one) => s + one.weight ** 2 * term(one), 0)
    const eta = -sum((o) => (o.epsilon[j]! - mu) * o.score[j]!) / sum((o) => o.score[j]! ** 2)
    return of.reduce((s, o) => s + o.weight * (o.epsilon[j]! + eta * o.score[j]!), 0)
  })

describe('the published methods are settings of one agent (theory: table of section 4)', () => {
  interface Row {
    readonly name: keyof typeof agents
    readonly setting: object
    /** The regression target of candidates drawn, uniforms or normals [K][2], by hand. */
    target(drawn: number[][], at: { alpha: number; beta: number }): number[]
  }

  const rows: readonly Row[] = [
    {
      name: 'qne',
      setting: { estimator: 'qne', schedule: { kind: 'vp-cosine' }, prediction: 'noise', sampler: 'ancestral' },
      target: (drawn, at) => mean(weigh(truncated(drawn, at), at), 'epsilon'), // (28)
    },
    {
      name: 'sdac',
      setting: { estimator: 'rsm', schedule: { kind: 'ddpm' }, prediction: 'noise', sampler: 'ancestral' },
      target: (drawn, at) => mean(weigh(drawn, at, true), 'epsilon'),
    },
    ...(['idem', 'dqs'] as const).map(
      (name): Row => ({
        name,
        setting: { estimator: name, schedule: { kind: 've-geometric' }, prediction: 'score', sampler: 'sde' },
        target: (drawn, at) => mean(weigh(drawn, at), 'grad').map((v) => v / at.alpha), // (29)
      }),
    ),
    {
      name: 'rfm-paper',
      setting: { estimator: 'rfm', schedule: { kind: 'linear-flow' }, prediction: 'velocity', sampler: 'ode' },
      target: (drawn, at) => optimal(weigh(drawn, at)).map((v, j) => (X[j]! - v) / at.alpha), // (9)
    },
    {
      name: 'rfm-data',
      setting: { estimator: 'rfm-data', schedule: { kind: 'linear-flow' }, prediction: 'velocity', sampler: 'ode' },
      target: (drawn, { alpha, beta }) =>
        optimal(weigh(drawn, { alpha, beta })).map((v, j) => ((X[j]! - beta * v) / alpha - X[j]!) / beta), // (10)
    },
  ]

  it.each(rows)('$name', ({ name, setting, target }) => {
    const config = agents[name].config.parse({ candidates: K }) as never
    expect(config).toMatchObject(setting)
    tf.tidy(() => {
      const { estimator, bounded } = config as { estimator: string; bounded: boolean }
      const policy = flowPolicy(config, spaces)
      const at = policy.schedule.at(0.5)
      const specs = Object.entries(estimatorNoise(estimator, { batch: 1, candidates: K, dim: 2 }))
      const noise = Object.fromEntries(
        specs.map(([key, spec]) => [key, tf.tensor(drawNoise(createRng(3), spec), [...spec.shape])]),
      )
      const ours = rfmTarget({
        policy,
        critics,
        params: critics.init(createRng(0)),
        observation: tf.zeros([1, 1]),
        x: tf.tensor2d([X]),
        t: tf.tensor1d([0.5]),
        lambda: tf.scalar(LAMBDA),
        estimator,
        noise,
        bounded,
      }).target.dataSync()
      const drawn = (noise.candidates!.arraySync() as number[][][])[0]!
      for (const [j, v] of target(drawn, at).entries()) expect(ours[j]! / v).toBeCloseTo(1, 3)
    })
  })

  it('rfm: bounded, with the control variate that vanishes there', () => {
    expect(agents.rfm.config.parse({})).toMatchObject({
      estimator: 'rfm-box',
      bounded: true,
      schedule: { kind: 'linear-flow' },
      prediction: 'velocity',
      sampler: 'ode',
    })
    expect(resolveEstimator('rfm-box')).toMatchObject({ targets: ['bounded'], needsGradient: true })
  })

  it('qsm-scaled: no posterior, −β ∇min(Q1, Q2)/λ at x_t', () => {
    const config = agents['qsm-scaled'].config.parse({ form: { kind: 'scaled', temperature: LAMBDA } })
    expect(config).toMatchObject({ schedule: { kind: 'ddpm-vp' }, prediction: 'noise', sampler: 'ancestral' })
    tf.tidy(() => {
      const { beta } = flowPolicy(config, spaces).schedule.at(0.4)
      const input = { critics, params: critics.init(createRng(0)), observation: tf.zeros([1, 1]) as tf.Tensor2D }
      const ours = qsmTarget({ ...input, form: config.form, x: tf.tensor2d([X]), beta: tf.tensor1d([beta]) }).dataSync()
      for (const [j, v] of slope(X).entries()) expect(ours[j]! / (-beta * v)).toBeCloseTo(1, 4)
    })
  })
})

/** Standard normals of uniforms, truncated so that x1 is within [−1, 1]. */
function truncated(uniform: number[][], { alpha, beta }: { alpha: number; beta: number }): number[][] {
  const [low, high] = [1, -1].map((bound) => tf.tensor2d([X.map((x) => (x - alpha * bound) / beta)]))
  return truncatedNormal(tf.tensor2d(uniform), low!, high!).arraySync() as never
}
