import { createRng, drawNoise } from '@revflow/core'
import { cosineFlow, gaussian, linearFlow, vpCosine } from '@revflow/schedules'
import {
  coefficients,
  defineEstimator,
  type Estimator,
  estimateFromCandidates,
  estimatePosteriorMean,
  estimatorNoise,
  listEstimators,
  type PosteriorProblem,
  registerEstimator,
  sourceProposal,
  testFunctions,
} from '@revflow/stein'
import * as tf from '@tensorflow/tfjs'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let tensors = 0
beforeEach(() => {
  tensors = tf.memory().numTensors
})
afterEach(() => expect(tf.memory().numTensors).toBe(tensors))

const unbounded = listEstimators().filter(({ proposal }) => proposal.name === 'source')

function run(
  problem: (t: tf.Tensor1D) => PosteriorProblem,
  estimator: string | Estimator,
  { t, B, K, d, seed = 1 }: { t: number; B: number; K: number; d: number; seed?: number },
) {
  return tf.tidy(() => {
    const spec = estimatorNoise(estimator, { batch: B, candidates: K, dim: d }).candidates
    const candidates = tf.tensor(drawNoise(createRng(seed), spec), [...spec.shape])
    const result = estimatePosteriorMean(problem(tf.fill([B], t)), { estimator, noise: { candidates } })
    return {
      noise: result.noise.arraySync(),
      data: result.data.arraySync(),
      error: result.diagnostics.standardError.arraySync(),
      ess: result.diagnostics.ess.arraySync(),
      eta: result.diagnostics.eta.arraySync(),
      std: result.diagnostics.logTargetStd.arraySync(),
    }
  })
}

/** X1 ~ N(m, v) in each coordinate: E[X0|x] = β(x − αm)/(α²v + β²). */
const MEAN = [0.4, -0.7]
const VARIANCE = 0.3
const gaussianTarget =
  (schedule = linearFlow(), x = [0.5, -0.2], B = 1) =>
  (t: tf.Tensor1D): PosteriorProblem => {
    const logTarget = (x1: tf.Tensor) => tf.sum(tf.div(tf.square(tf.sub(x1, MEAN)), -2 * VARIANCE), -1)
    return {
      schedule,
      source: gaussian({ dim: 2 }),
      x: tf.tile(tf.tensor2d([x]), [B, 1]),
      t,
      logTarget,
      logTargetAndGrad: (x1) => ({ value: logTarget(x1), grad: tf.div(tf.sub(MEAN, x1), VARIANCE) }),
    }
  }
const truth = (t: number, schedule = linearFlow(), x = [0.5, -0.2]) => {
  const { alpha, beta } = schedule.at(t)
  return x.map((value, j) => (beta * (value - alpha * MEAN[j]!)) / (alpha ** 2 * VARIANCE + beta ** 2))
}

/** The plain noise form for unbounded targets. */
const noiseForm = defineEstimator({ name: 'plain', reference: '(14)', proposal: sourceProposal })

describe('posterior means on a Gaussian target, in closed form', () => {
  it.each(unbounded.map(({ name }) => name))('%s is right within 4 standard errors at K = 4,000', (name) => {
    for (const schedule of [linearFlow(), cosineFlow(), vpCosine()])
      for (const t of [0.3, 0.6, 0.9]) {
        const { noise, error, data } = run(gaussianTarget(schedule), name, { t, B: 1, K: 4000, d: 2 })
        const { alpha, beta } = schedule.at(t)
        for (const [j, value] of truth(t, schedule).entries()) {
          expect(Math.abs(noise[0]![j]! - value)).toBeLessThan(4 * error[0]![j]! + 2e-4)
          expect(alpha * data[0]![j]! + beta * noise[0]![j]!).toBeCloseTo([0.5, -0.2][j]!, 4)
        }
      }
  })

  it('has no variance with η by regression, whatever the candidates (15)', () => {
    for (const coefficient of [coefficients.regression, coefficients.temperedRegression])
      for (const seed of [1, 2, 3]) {
        const control = { testFunction: testFunctions.constantDiagonal, coefficient }
        const estimator = defineEstimator({ ...noiseForm, control })
        const { noise, eta } = run(gaussianTarget(), estimator, { t: 0.5, B: 1, K: 12, d: 2, seed })
        for (const [j, value] of truth(0.5).entries()) expect(noise[0]![j]!).toBeCloseTo(value, 4)
        // the posterior's variance is the η that makes f + η s constant
        expect(eta[0]![0]!).toBeCloseTo(1 / (1 + 1 / VARIANCE), 3)
      }
  })

  it('finds the η of least variance by (20) and (21), up to the error of μ, and gains on η = 0 and the gradient form', () => {
    const B = 200
    const square = (estimator: string | Estimator) => {
      const { noise, eta } = run(gaussianTarget(linearFlow(), [0.5, -0.2], B), estimator, { t: 0.5, B, K: 64, d: 2 })
      return { eta: eta[0]![0]!, error: noise.reduce((sum, row) => sum + (row[0]! - truth(0.5)[0]!) ** 2, 0) / B }
    }
    const others = Math.min(square(noiseForm).error, square('idem').error)
    for (const name of ['rfm', 'rfm-isotropic']) {
      expect(square(name).error).toBeLessThan(others / 10)
      expect(Math.abs(square(name).eta - 1 / (1 + 1 / VARIANCE))).toBeLessThan(0.05)
    }
  })

  it('has a squared error falling as 1/K', () => {
    const meanSquare = (K: number) => {
      const B = 400
      const { noise } = run(gaussianTarget(linearFlow(), [0.5, -0.2], B), noiseForm, { t: 0.4, B, K, d: 2 })
      return noise.reduce((sum, row) => sum + (row[0]! - truth(0.4)[0]!) ** 2, 0) / B
    }
    const ratio = meanSquare(128) / meanSquare(1024)
    expect(ratio).toBeGreaterThan(8 * 0.75) // 8 ± 3 standard deviations of a ratio of two χ²₄₀₀ means
    expect(ratio).toBeLessThan(8 * 1.35)
  })
})

/** A bounded bimodal target on [−1, 1]: Q(a) = 3 sin(4a) + a, posterior means by quadrature. */
const bounded =
  (x: number, B: number) =>
  (t: tf.Tensor1D): PosteriorProblem => {
    const value = (x1: tf.Tensor) => tf.squeeze(tf.add(tf.mul(3, tf.sin(tf.mul(4, x1))), x1), [-1])
    return {
      schedule: linearFlow(),
      source: gaussian({ dim: 1 }),
      x: tf.fill([B, 1], x),
      t,
      support: { low: -1, high: 1 },
      logTarget: value,
      logTargetAndGrad: (x1) => ({ value: value(x1), grad: tf.add(tf.mul(12, tf.cos(tf.mul(4, x1))), 1) }),
    }
  }
function quadrature(x: number, t: number): number {
  const n = 20_000
  let [total, weighted] = [0, 0]
  for (let i = 0; i < n; i++) {
    const a = -1 + (2 * (i + 0.5)) / n
    const x0 = (x - t * a) / (1 - t)
    const weight = Math.exp(3 * Math.sin(4 * a) + a - 0.5 * x0 * x0)
    total += weight
    weighted += weight * x0
  }
  return weighted / total
}

describe('bounded targets', () => {
  const B = 200
  const average = (estimator: string | Estimator, x: number, t: number) => {
    const { noise } = run(bounded(x, B), estimator, { t, B, K: 256, d: 1 })
    const values = noise.map((row) => row[0]!)
    const mean = values.reduce((a, b) => a + b, 0) / B
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (B - 1)
    return { mean, error: Math.sqrt(variance / B), variance }
  }
  // points whose posterior the candidates cover; at a minimum of Q, as at (−0.3, 0.9), K = 256 leaves a bias of .05
  const points = [
    [0.2, 0.1],
    [-0.6, 0.3],
    [0.5, 0.5],
    [0.7, 0.7],
    [0.1, 0.9],
  ] as const

  it.each(points)('qne and rfm-box agree with quadrature at x = %d, t = %d', (x, t) => {
    const [plain, box] = [average('qne', x, t), average('rfm-box', x, t)]
    // SNIS has a bias of order 1/K; 0.5 % of the noise's unit covers it at K = 256
    expect(Math.abs(plain.mean - quadrature(x, t))).toBeLessThan(4 * plain.error + 5e-3)
    expect(Math.abs(box.mean - quadrature(x, t))).toBeLessThan(4 * box.error + 5e-3)
    expect(box.variance).toBeLessThan(plain.variance / 2)
  })

  it('shows why: a constant test function is biased by the edges, at small t badly', () => {
    const constant = defineEstimator({
      name: 'constant-on-box',
      reference: 'theory: bounded actions',
      proposal: listEstimators().find(({ name }) => name === 'qne')!.proposal,
      control: { testFunction: testFunctions.constantDiagonal, coefficient: coefficients.gradient },
    })
    const unclipped = tf.tidy(() => {
      const { x0, x1 } = constant.proposal.draw(
        bounded(0.2, 1)(tf.tensor1d([0.3])),
        tf.tensor3d(createRng(1).fillUniform(new Float32Array(4000)), [1, 4000, 1]),
        { alpha: tf.tensor3d([[[0.3]]]), beta: tf.tensor3d([[[0.7]]]) },
      )
      const { support: _, ...problem } = bounded(0.2, 1)(tf.tensor1d([0.3]))
      return estimateFromCandidates(problem, { x0, x1, control: constant.control! }).noise.dataSync()[0]!
    })
    expect(Math.abs(unclipped - quadrature(0.2, 0.3))).toBeGreaterThan(0.2)
  })

  it('has a boundary-vanishing control variate of mean zero', () => {
    // the estimate must not depend on η beyond its error: compare η = 0 with a large fixed η
    const fixed = defineEstimator({
      name: 'fixed',
      reference: 'test',
      proposal: listEstimators().find(({ name }) => name === 'qne')!.proposal,
      control: { testFunction: testFunctions.boundaryVanishing, coefficient: () => tf.scalar(0.3) },
    })
    for (const [x, t] of points) {
      const { mean, error } = average(fixed, x, t)
      expect(Math.abs(mean - quadrature(x, t))).toBeLessThan(4 * error + 1e-2)
    }
  })
})

describe('every estimator', () => {
  it.each(listEstimators().map(({ name }) => name))(
    '%s is finite for K = 1, one dominant weight and equal weights',
    (name) => {
      fc.assert(
        fc.property(
          fc.constantFrom(1, 2, 16),
          fc.constantFrom(0, 1, 1e4),
          fc.double({ min: -3, max: 3, noNaN: true }),
          fc.double({ min: 0.02, max: 0.98, noNaN: true }),
          fc.nat(1000),
          (K, scale, x, t, seed) => {
            const problem = (time: tf.Tensor1D): PosteriorProblem => ({
              ...bounded(x, 1)(time),
              logTarget: (x1) => tf.mul(scale, tf.sum(x1, -1)),
              logTargetAndGrad: (x1) => ({
                value: tf.mul(scale, tf.sum(x1, -1)),
                grad: tf.mul(scale, tf.onesLike(x1)),
              }),
            })
            const result = run(problem, name, { t, B: 1, K, d: 1, seed })
            for (const rows of [result.noise, result.data, result.error, result.eta])
              expect(Number.isFinite(rows[0]![0]!)).toBe(true)
            expect(result.ess[0]!).toBeGreaterThanOrEqual(1 - 1e-4)
            expect(result.ess[0]!).toBeLessThanOrEqual(K + 1e-3)
            expect(run(problem, name, { t, B: 1, K, d: 1, seed })).toEqual(result)
          },
        ),
        { numRuns: 30, seed: 7 },
      )
    },
  )

  it('is registered by name; unknown names, missing gradients and missing bounds are named', () => {
    expect(listEstimators().map(({ name }) => name)).toContain('rfm-box')
    expect(() => estimatorNoise('rfm-bx', { batch: 1, candidates: 1, dim: 1 })).toThrow("did you mean 'rfm-box'?")
    expect(() => registerEstimator(listEstimators()[0]!)).toThrow('expected a new name')
    const { logTargetAndGrad: _, support: __, ...problem } = bounded(0, 1)(tf.tensor1d([0.5]))
    const attempt = (name: string) => () =>
      tf.tidy(() => {
        const spec = estimatorNoise(name, { batch: 1, candidates: 4, dim: 1 }).candidates
        return estimatePosteriorMean(problem, { estimator: name, noise: { candidates: tf.fill([...spec.shape], 0.3) } })
          .noise
      })
    expect(attempt('rfm')).toThrow('problem.logTargetAndGrad: expected a function')
    expect(attempt('qne')).toThrow('problem.support: expected bounds of the data')
    tf.dispose([problem.x, problem.t])
  })
})
