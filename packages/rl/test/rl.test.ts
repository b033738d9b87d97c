import { createRng } from '@revflow/core'
import {
  createReplay,
  criticLoss,
  interquartileMean,
  jointBootstrap,
  lowerBound,
  mean,
  median,
  optimalityGap,
  performanceProfile,
  probabilityOfImprovement,
  stratifiedBootstrap,
  tdTarget,
  twinCritics,
} from '@revflow/rl'
import * as tf from '@tensorflow/tfjs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const transition = (i: number) => ({
  observation: [i, i + 0.5],
  action: [2 * i],
  reward: 10 * i,
  nextObservation: [i + 1, i + 1.5],
  terminated: i % 3 === 0,
})

describe('createReplay', () => {
  it('refuses more than memory holds', () => {
    expect(() => createReplay({ capacity: 1e15, observationSize: 17, actionSize: 6 })).toThrow(
      'replay.capacity: expected a number of transitions that fit into memory, received 1000000000000000',
    )
  })

  it('keeps the newest transitions and whole rows', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 40 }), (capacity, count) => {
        const replay = createReplay({ capacity, observationSize: 2, actionSize: 1 })
        for (let i = 0; i < count; i++) replay.add(transition(i))
        expect(replay.size).toBe(Math.min(capacity, count))
        const { observation, action, reward, nextObservation, terminated } = replay.sample(createRng(1), 64)
        for (let row = 0; row < 64; row++) {
          const i = observation[2 * row]!
          expect(i).toBeGreaterThanOrEqual(Math.max(0, count - capacity))
          expect(i).toBeLessThan(count)
          expect([action[row], reward[row], nextObservation[2 * row + 1], terminated[row]]).toEqual([
            2 * i,
            10 * i,
            i + 1.5,
            i % 3 === 0 ? 1 : 0,
          ])
        }
      }),
    )
  })

  it('samples uniformly (χ², p = 1e-3)', () => {
    const replay = createReplay({ capacity: 10, observationSize: 2, actionSize: 1 })
    for (let i = 0; i < 10; i++) replay.add(transition(i))
    const counts = new Array<number>(10).fill(0)
    for (const reward of replay.sample(createRng(2), 20_000).reward) counts[reward / 10]! += 1
    expect(counts.reduce((sum, n) => sum + (n - 2000) ** 2 / 2000, 0)).toBeLessThan(27.9) // χ²₉ at 1e-3
  })

  it('goes on from a saved state as if nothing had happened', () => {
    for (const count of [3, 10, 14]) {
      const [a, b] = [0, 1].map(() => createReplay({ capacity: 10, observationSize: 2, actionSize: 1 }))
      for (let i = 0; i < count; i++) a!.add(transition(i))
      b!.restore(a!.state())
      for (let i = count; i < count + 5; i++) for (const replay of [a!, b!]) replay.add(transition(i))
      expect(b!.sample(createRng(3), 50)).toEqual(a!.sample(createRng(3), 50))
    }
  })

  it('says what it costs and names what does not fit', () => {
    expect(createReplay({ capacity: 1000, observationSize: 17, actionSize: 6 }).bytes).toBe(168_000)
    const replay = createReplay({ capacity: 4, observationSize: 2, actionSize: 1 })
    expect(() => replay.sample(createRng(0), 1)).toThrow('replay.sample: expected a transition, received none')
    expect(() => replay.add({ ...transition(0), action: [1, 2] })).toThrow(
      'replay.action: expected 1 numbers, received 2',
    )
    expect(() => createReplay({ capacity: 0, observationSize: 1, actionSize: 1 })).toThrow(
      'replay.capacity: expected at least 1',
    )
    const other = createReplay({ capacity: 9, observationSize: 2, actionSize: 1 })
    for (let i = 0; i < 9; i++) other.add(transition(i))
    expect(() => replay.restore(other.state())).toThrow('replay.position')
  })
})

describe('twinCritics', () => {
  const critics = twinCritics({
    observationSize: 3,
    actionSize: 2,
    hidden: [16, 16],
    activation: 'tanh',
    layerNorm: true,
  })
  it('gives the minimum and its action gradient (finite differences)', () => {
    const before = tf.memory().numTensors
    tf.tidy(() => {
      const params = critics.init(createRng(1))
      const observation = tf.tensor2d(createRng(2).fillNormal(new Float32Array(12)), [4, 3])
      const action = tf.tensor3d(createRng(3).fillNormal(new Float32Array(40)), [4, 5, 2])
      const { q1, q2 } = critics.apply(params, observation, action)
      const { value, grad } = critics.minimumWithActionGradient(params, observation, action)
      expect([...value.dataSync()]).toEqual([...tf.minimum(q1, q2).dataSync()])
      const h = 1e-2
      const bump = tf.tensor1d([h, 0])
      const numeric = tf.div(
        tf.sub(
          critics.minimum(params, observation, tf.add(action, bump)),
          critics.minimum(params, observation, tf.sub(action, bump)),
        ),
        2 * h,
      )
      const error = tf.max(tf.abs(tf.sub(numeric, tf.squeeze(tf.slice(grad, [0, 0, 0], [-1, -1, 1]), [-1]))))
      expect(error.dataSync()[0]).toBeLessThan(2e-2)
      expect(critics.minimum(params, observation, tf.zeros([4, 2])).shape).toEqual([4])
      const both = critics.meanWithActionGradient(params, observation, action)
      expect([...both.value.dataSync()]).toEqual([...tf.mul(0.5, tf.add(q1, q2)).dataSync()])
      const alone = (q: typeof params.q1) =>
        critics.minimumWithActionGradient({ q1: q, q2: q }, observation, action).grad
      const expected = tf.mul(0.5, tf.add(alone(params.q1), alone(params.q2)))
      expect(tf.max(tf.abs(tf.sub(both.grad, expected))).dataSync()[0]).toBeLessThan(1e-6)
    })
    expect(tf.memory().numTensors).toBe(before)
  })

  it('gives every candidate its own values when there are too many for one chunk', () => {
    tf.tidy(() => {
      const params = critics.init(createRng(1))
      const observation = tf.tensor2d(createRng(2).fillNormal(new Float32Array(9)), [3, 3])
      const action = tf.tensor3d(createRng(3).fillNormal(new Float32Array(3 * 6000 * 2)), [3, 6000, 2])
      const { value, grad } = critics.minimumWithActionGradient(params, observation, action)
      const own = critics.minimumWithActionGradient(
        params,
        tf.slice(observation, [2, 0], [1, 3]),
        tf.slice(action, [2, 5999, 0], [1, 1, 2]),
      )
      expect(grad.shape).toEqual([3, 6000, 2])
      expect(value.dataSync().at(-1)).toBeCloseTo(own.value.dataSync()[0]!, 5)
      for (const j of [0, 1]) expect(grad.dataSync().at(j - 2)).toBeCloseTo(own.grad.dataSync()[j]!, 5)
    })
  })
})

describe('temporal differences', () => {
  it('are bounded below by the mean of both critics, their minimum and less', () => {
    tf.tidy(() => {
      const two = { q1: tf.tensor1d([9, 3]), q2: tf.tensor1d([10, 1]) }
      for (const [pessimism, expected] of [
        [0, [9.5, 2]],
        [1, [9, 1]],
        [3, [8, -1]],
      ] as const)
        expect([...lowerBound(two, pessimism).dataSync()]).toEqual(expected)
    })
  })

  it('bootstrap through truncation and stop at termination', () => {
    tf.tidy(() => {
      const target = tdTarget({
        reward: tf.tensor1d([1, 1]),
        terminated: tf.tensor1d([0, 1]),
        discount: 0.9,
        nextValue: tf.tensor1d([10, 10]),
      })
      expect([...target.dataSync()]).toEqual([10, 1])
      expect(criticLoss({ q1: tf.tensor1d([9, 1]), q2: tf.tensor1d([10, 3]) }, target).dataSync()[0]).toBeCloseTo(1.25)
    })
  })
})

describe('statistics', () => {
  const scores = [
    [0, 1, 2],
    [4, 3, 8],
  ]
  it('have their closed forms', () => {
    expect(mean(scores)).toBe(3)
    expect(median(scores)).toBe(2)
    expect(interquartileMean(scores)).toBeCloseTo((1 + 2 + 3 + 4) / 4)
    expect(optimalityGap(scores)).toBeCloseTo(1 / 6)
    expect(performanceProfile(scores, [0, 2.5])).toEqual([5 / 6, 0.5])
    expect(probabilityOfImprovement(scores, scores)).toBe(0.5)
    expect(probabilityOfImprovement([[3]], [[1], [3], [5]])).toBe(0.5)
  })

  it('resample runs within tasks: the interval of a mean has the width of its standard error', () => {
    const runs = Array.from({ length: 40 }, (_, i) => [Math.sin(1 + 7 * i)])
    const values = runs.map(([v]) => v!)
    const centre = values.reduce((a, b) => a + b) / 40
    const std = Math.sqrt(values.reduce((sum, v) => sum + (v - centre) ** 2, 0) / 40)
    const { low, high } = stratifiedBootstrap(runs, mean, { rng: createRng(1), resamples: 20_000 })
    expect((high - low) / ((2 * 1.96 * std) / Math.sqrt(40))).toBeCloseTo(1, 1)
    expect((high + low) / 2).toBeCloseTo(centre, 1)
  })

  it('are infinite where the statistic is', () => {
    const least = (scores: readonly (readonly number[])[]) => Math.log(Math.min(...scores.flat()))
    const options = { rng: createRng(0), resamples: 10, level: 0.5 }
    const interval = stratifiedBootstrap([[0], [1], [2]], least, options)
    expect(interval.low).toBe(Number.NEGATIVE_INFINITY)
    expect(interval.high).not.toBeNaN()
  })

  it('resample each group by itself: the interval of a difference has the width of both standard errors', () => {
    const runs = (scale: number) => Array.from({ length: 40 }, (_, i) => [scale * Math.sin(1 + 7 * i)])
    const width = (groups: number[][][]) => {
      const difference = (...[a, b]: readonly (readonly (readonly number[])[])[]) => mean(a!) - (b ? mean(b) : 0)
      const { low, high } = jointBootstrap(groups, difference, { rng: createRng(2), resamples: 20_000 })
      return high - low
    }
    const [a, b] = [runs(1), runs(2)]
    expect(width([a, b]) / Math.hypot(width([a]), width([b]))).toBeCloseTo(1, 1)
  })
})
