import { type Agent, agents, createAgent } from '@revflow/agents'
import { type Compile, knownCritics, knownQ, learn } from '@revflow/agents/testing'
import { createRng, mapTree } from '@revflow/core'
import { jit } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { policyLoss, softValue, squashedGaussian, temperatureLoss } from '../src/sac.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const logNormal = (u: number, mean: number, sigma: number) =>
  -0.5 * ((u - mean) / sigma) ** 2 - Math.log(sigma) - 0.5 * Math.log(2 * Math.PI)

/** log π at actions a [n] in one dimension, by the noise that leads there. */
const logProbAt = (a: readonly number[], mean: number, sigma: number): number[] =>
  tf.tidy(() => {
    const noise = tf.tensor2d(a.map((x) => [(Math.atanh(x) - mean) / sigma]))
    const law = { mean: tf.fill(noise.shape, mean), logSigma: tf.fill(noise.shape, Math.log(sigma)), noise }
    return [...squashedGaussian(law).logProb.dataSync()]
  })

describe('the squashed Gaussian', () => {
  it.each([
    [0, 1],
    [0.7, 0.3],
    [-1.5, 0.8],
  ])('has the density of tanh N(%d, %d²), which integrates to one', (mean, sigma) => {
    const n = 4000
    const grid = Array.from({ length: n }, (_, i) => -1 + (2 * (i + 0.5)) / n)
    const logProb = logProbAt(grid, mean, sigma)
    for (const i of [0, 17, 1000, 2500, n - 1]) {
      const a = grid[i]!
      expect(logProb[i]!).toBeCloseTo(logNormal(Math.atanh(a), mean, sigma) - Math.log(1 - a * a), 3)
    }
    expect(logProb.reduce((sum, v) => sum + (Math.exp(v) * 2) / n, 0)).toBeCloseTo(1, 3)
  })

  it('stays finite and right where tanh rounds to one', () => {
    const at = (u: number) => {
      const one = (v: number) => tf.tensor2d([[v]])
      return tf.tidy(
        () =>
          squashedGaussian({ mean: one(0), logSigma: one(Math.log(10)), noise: one(u / 10) }).logProb.dataSync()[0]!,
      )
    }
    // 1 − tanh² u → 4 e^(−2|u|)
    for (const u of [15, -15, 30]) expect(at(u)).toBeCloseTo(logNormal(u, 0, 10) - Math.log(4) + 2 * Math.abs(u), 4)
  })

  it('adds up over coordinates', () => {
    tf.tidy(() => {
      const noise = tf.tensor2d([[0.3, -1.2]])
      const both = squashedGaussian({ mean: tf.zeros([1, 2]), logSigma: tf.zeros([1, 2]), noise })
      const each = tf.split(noise, 2, 1).map((e) => {
        const zero = tf.zeros([1, 1])
        return squashedGaussian({ mean: zero, logSigma: zero, noise: e }).logProb.dataSync()[0]!
      })
      expect(both.logProb.dataSync()[0]).toBeCloseTo(each[0]! + each[1]!, 5)
    })
  })
})

describe('sac', () => {
  it('lowers λ by its entropy beyond the target, and raises it below', () => {
    tf.tidy(() => {
      const logProb = tf.tensor1d([-2, -1]) // an entropy of 1.5
      const slope = (target: number) =>
        tf
          .grad((log: tf.Tensor) => temperatureLoss(log, logProb, target))(tf.scalar(0.3))
          .dataSync()[0]
      expect(slope(1)).toBeCloseTo(0.5) // descent lowers log λ
      expect(slope(2)).toBeCloseTo(-0.5)
    })
  })

  it('has V = Q − λ log π and the loss −mean V', () => {
    tf.tidy(() => {
      const [q, logProb, lambda] = [tf.tensor1d([3, 5]), tf.tensor1d([-1, 2]), tf.scalar(0.5)]
      expect([...softValue(q, logProb, lambda).dataSync()]).toEqual([3.5, 4])
      expect(policyLoss(q, logProb, lambda).dataSync()[0]).toBe(-3.75)
    })
  })

  it('backs up the entropy of its policy, by quadrature', () => {
    // a network of zeros is tanh N(0, 1) in each of two coordinates; Q is 3 everywhere
    const n = 4000
    const grid = Array.from({ length: n }, (_, i) => -1 + (2 * (i + 0.5)) / n)
    const density = logProbAt(grid, 0, 1)
    const entropy = -2 * density.reduce((sum, v) => sum + (v * Math.exp(v) * 2) / n, 0)
    const batchSize = 4096
    const options = { batchSize, discount: 0.9, hidden: [4], temperature: { kind: 'fixed', value: 0.4 } }
    tf.tidy(() => {
      const critics = knownCritics((_, action) => tf.add(3, tf.mul(0, tf.sum(action, -1))))
      const algorithm = createAgent(agents, 'sac', options, { observationSize: 1, actionSize: 2 }, critics)
      const state = algorithm.init(createRng(1)) as Record<string, never>
      const zero = (tree: unknown): unknown =>
        tree instanceof tf.Tensor
          ? tf.zerosLike(tree)
          : Object.fromEntries(Object.entries(tree as object).map(([key, value]) => [key, zero(value)]))
      const normal = (seed: number, rows: number) =>
        tf.tensor2d(createRng(seed).fillNormal(new Float32Array(2 * rows)), [rows, 2])
      const { metrics } = algorithm.update(
        { ...state, actor: zero(state.actor) as never },
        {
          observation: tf.zeros([batchSize, 1]),
          action: tf.zeros([batchSize, 2]),
          reward: tf.ones([batchSize]),
          nextObservation: tf.zeros([batchSize, 1]),
          terminated: tf.zeros([batchSize]),
        },
        { next: normal(1, batchSize), policy: normal(2, 64) },
      )
      // −log π has a deviation of 0.9 at most here: four standard errors of the mean
      const error = (4 * 0.9 * 0.4 * 0.9) / Math.sqrt(batchSize)
      const target = metrics.targetValue!.dataSync()[0]!
      expect(Math.abs(target - (1 + 0.9 * (3 + 0.4 * entropy)))).toBeLessThan(error)
      expect(metrics.entropy!.dataSync()[0]!).toBeCloseTo(entropy, 0)
    })
  })

  it('steers λ by its entropy less the target for each coordinate, in closed form', () => {
    // a network of zeros is tanh N(0, 1) in each of two coordinates; one entropy lies between the target and twice that
    const [actionSize, targetEntropy, initial, rate] = [2, 1, 0.5, 0.01]
    const noise = [...createRng(2).fillNormal(new Float32Array(64 * actionSize))]
    const entropy =
      (-actionSize * noise.reduce((sum, e) => sum + logNormal(e, 0, 1) - Math.log(1 - Math.tanh(e) ** 2), 0)) /
      noise.length
    expect(entropy).toBeGreaterThan(targetEntropy)
    expect(entropy).toBeLessThan(targetEntropy * actionSize)
    tf.tidy(() => {
      const critics = knownCritics((_, action) => tf.sum(action, -1))
      const temperature = { kind: 'learned', initial, learningRate: rate, targetEntropy }
      const algorithm = createAgent(agents, 'sac', { hidden: [4], batchSize: 64, temperature }, { observationSize: 1, actionSize }, critics) // biome-ignore format: one line
      const state = algorithm.init(createRng(1))
      const observation = tf.zeros([64, 1]) as tf.Tensor2D
      const draws = tf.tensor2d(noise, [64, actionSize])
      const after = algorithm.update(
        { ...state, actor: mapTree((leaf: tf.Tensor) => tf.zerosLike(leaf), state.actor!) },
        {
          observation,
          action: tf.zeros([64, actionSize]),
          reward: tf.zeros([64]),
          nextObservation: observation,
          terminated: tf.zeros([64]),
        },
        { next: draws, policy: draws },
      ).state as unknown as { logTemperature: tf.Tensor; temperatureAdam: { first: tf.Tensor } }
      // Adam remembers a tenth of its first gradient, and moves by its rate against it
      const slope = entropy - targetEntropy * actionSize
      expect(after.temperatureAdam.first.dataSync()[0]! / 0.1).toBeCloseTo(slope, 4)
      expect(after.logTemperature.dataSync()[0]!).toBeCloseTo(Math.log(initial) - rate * Math.sign(slope), 5)
    })
  })

  it('finds the squashed Gaussian nearest to a Boltzmann density with two modes', async () => {
    // KL(π ‖ exp(Q)/Z) + log Z = E_π[log π − Q] over (μ, σ) by quadrature
    const q = (a: number) => 3 * Math.exp(-8 * (a - 0.5) ** 2) + 2 * Math.exp(-8 * (a + 0.5) ** 2)
    const objective = (mean: number, sigma: number) => {
      let total = 0
      const n = 400
      for (let i = 0; i < n; i++) {
        const z = -5 + (10 * (i + 0.5)) / n
        const a = Math.tanh(mean + sigma * z)
        const logPi = logNormal(mean + sigma * z, mean, sigma) - Math.log(1 - a * a + 1e-12)
        total += Math.exp(-0.5 * z * z) * (10 / n / Math.sqrt(2 * Math.PI)) * (logPi - q(a))
      }
      return total
    }
    let least = Number.POSITIVE_INFINITY
    for (let mean = -1.5; mean <= 1.5; mean += 0.05)
      for (let sigma = 0.1; sigma <= 1.5; sigma += 0.05) least = Math.min(least, objective(mean, sigma))
    const critics = knownCritics((_, action) => {
      const a = tf.squeeze(action, [-1])
      const bump = (height: number, at: number) => tf.mul(height, tf.exp(tf.mul(-8, tf.square(tf.sub(a, at)))))
      return tf.add(bump(3, 0.5), bump(2, -0.5))
    })
    const updates = 600
    const { act } = await learn(agents.sac as unknown as Agent, knownQ(critics, [0], 1), {
      updates,
      compile: jit as unknown as Compile,
      options: {
        hidden: [32, 32],
        actorLearningRate: 1e-2,
        actorDecay: { shape: 'cosine', to: 1e-5, updates },
        temperature: { kind: 'fixed', value: 1 },
      },
    })
    const u = (await act('sample', new Array<number>(4000).fill(0))).map(([a]) => Math.atanh(a!))
    const mean = u.reduce((a, b) => a + b) / u.length
    const sigma = Math.sqrt(u.reduce((sum, v) => sum + (v - mean) ** 2, 0) / u.length)
    expect(objective(mean, sigma) - least).toBeLessThan(0.02)
  })
})
