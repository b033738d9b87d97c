import { createRng } from '@revflow/core'
import { adam, mlp, valueAndGrads } from '@revflow/nn'
import { gaussian, linearFlow } from '@revflow/schedules'
import {
  chains,
  coefficients,
  controlVariance,
  defineEstimator,
  drawNoiseTensors,
  type Estimator,
  estimateFromCandidates,
  estimatePosteriorMean,
  estimatorNoise,
  importanceSampling,
  listEstimators,
  type PosteriorProblem,
  registerEstimator,
  resolveEstimator,
  sourceProposal,
  type TestFunction,
  testFunctions,
  truncatedProposal,
} from '@revflow/stein'
import { boxProblem, conformanceChecks, gaussianProblem } from '@revflow/stein/testing'
import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let tensors = 0
beforeEach(async () => {
  await tf.setBackend('cpu')
  tensors = tf.memory().numTensors
})
afterEach(() => expect(tf.memory().numTensors).toBe(tensors))

const { constantDiagonal, boundaryVanishing, polynomial, features, neural, crossed } = testFunctions
const method = (testFunction: TestFunction, coefficient = coefficients.regression): Estimator =>
  defineEstimator({
    name: 'test',
    reference: 'test',
    targets: ['unbounded'],
    ...importanceSampling({ proposal: sourceProposal, control: { testFunction, coefficient } }),
  })
const plain = defineEstimator({
  name: 'plain',
  reference: '(14)',
  targets: ['unbounded'],
  ...importanceSampling({ proposal: sourceProposal }),
})

function run(estimator: Estimator, problem: (batch: number) => PosteriorProblem, B: number, K: number, seed = 1) {
  return tf.tidy(() => {
    const own = problem(B)
    const [, dim] = own.x.shape
    const noise = drawNoiseTensors(createRng(seed), estimator.noise({ batch: B, candidates: K, dim }))
    const { noise: mean, diagnostics } = estimatePosteriorMean(own, { estimator, noise })
    return { mean: mean.arraySync(), eta: diagnostics.eta.arraySync() }
  })
}
const squaredError = (rows: readonly number[][], answer: readonly number[]) =>
  rows.reduce((sum, row) => sum + row.reduce((s, v, j) => s + (v - answer[j]!) ** 2, 0), 0) / rows.length

const easy = gaussianProblem(linearFlow(), 0.5)
/** The posterior of x0 is Gaussian with this variance in each coordinate: the η of zero variance. */
const PERFECT = 1 / (1 + 1 / 0.3)

describe('η', () => {
  it.each([
    ['regression', coefficients.regression],
    ['regression with tempered weights', coefficients.leastSquares({ power: 0.5, centred: true })],
    ['split-sample regression', coefficients.splitSample(coefficients.regression)],
    ['regression clipped to [0, 1]', coefficients.clipped(coefficients.regression)],
  ])('by %s leaves no variance on a Gaussian target, whatever the candidates (15)', (_, coefficient) => {
    for (const seed of [1, 2, 3]) {
      const { mean, eta } = run(method(constantDiagonal, coefficient), easy.problem, 1, 12, seed)
      for (const [j, value] of easy.answer.entries()) expect(mean[0]![j]!).toBeCloseTo(value, 4)
      expect(eta[0]![0]!).toBeCloseTo(PERFECT, 3)
    }
  })

  it('by (20) and (21) is that of least variance up to the error of μ, no worse than 0 and 1', () => {
    const error = (estimator: Estimator) => squaredError(run(estimator, easy.problem, 200, 64).mean, easy.answer)
    const others = Math.min(error(plain), error(method(constantDiagonal, coefficients.gradient)))
    for (const coefficient of [coefficients.optimal, coefficients.isotropic]) {
      expect(error(method(constantDiagonal, coefficient))).toBeLessThan(others / 10)
      expect(
        Math.abs(run(method(constantDiagonal, coefficient), easy.problem, 1, 64).eta[0]![0]! - PERFECT),
      ).toBeLessThan(0.05)
    }
  })

  it('shrinks with few effective samples, and is what it is set to', () => {
    const shrunk = coefficients.shrunk(coefficients.constant(0.5), 3)
    const input = {
      f: tf.zeros([1, 4, 1]),
      g: [tf.ones([1, 4, 1])],
      mean: tf.zeros([1, 1, 1]),
      sourceVariance: 1,
      x: tf.zeros<tf.Rank.R2>([1, 1]),
      t: tf.zeros<tf.Rank.R1>([1]),
    }
    tf.tidy(() => {
      const at = (weights: number[]) =>
        shrunk({ ...input, weights: tf.tensor3d(weights, [1, 4, 1]) })[0]!.dataSync()[0]!
      expect(at([1, 0, 0, 0])).toBeCloseTo(0.5 / 4)
      expect(at([0.25, 0.25, 0.25, 0.25])).toBeCloseTo((0.5 * 4) / 7)
    })
    tf.dispose([input.f, ...input.g, input.mean, input.x, input.t])
  })

  it('by a second pass is nearer to that of zero variance', () => {
    const miss = (coefficient: typeof coefficients.optimal) => {
      const { eta } = run(method(constantDiagonal, coefficient), easy.problem, 200, 16)
      return eta.flat().reduce((sum, value) => sum + (value - PERFECT) ** 2, 0)
    }
    for (const once of [coefficients.optimal, coefficients.isotropic])
      expect(miss(coefficients.twoPass(once))).toBeLessThan(miss(once) / 2)
  })

  it('by a network of (x, t), trained on the standard error, is that of zero variance', () => {
    const problem = (t: tf.Tensor1D): PosteriorProblem => ({ ...easy.problem(t.size), t })
    // the posterior's variance at α = t, β = 1 − t: 1/(1 + (β/α)²/0.3)
    const perfect = (t: number) => 1 / (1 + ((1 - t) / t) ** 2 / 0.3)
    const network = mlp({ inputs: [1], hidden: [16], outputs: 2, activation: 'tanh' })
    type Params = ReturnType<typeof network.init>
    const eta = (params: Params, t: tf.Tensor1D) => network.apply(params, [tf.expandDims(t, 1)])
    const rng = createRng(3)
    const loss = (params: Params, t: tf.Tensor1D) => {
      const estimator = method(
        constantDiagonal,
        coefficients.predicted((_, at) => eta(params, at)),
      )
      const noise = drawNoiseTensors(rng, estimator.noise({ batch: t.size, candidates: 16, dim: 2 }))
      const { standardError } = estimatePosteriorMean(problem(t), { estimator, noise }).diagnostics
      return tf.mean(tf.square(standardError)) as tf.Scalar
    }
    const optimizer = adam({ learningRate: 5e-3 })
    const found = tf.tidy(() => {
      const params = network.init(createRng(7))
      let state = { params, optimizer: optimizer.init(params) }
      for (let i = 0; i < 600; i++)
        state = tf.tidy(() => {
          const t = tf.tensor1d(rng.fillUniform(new Float32Array(32), 0.3, 0.7))
          const { grads } = valueAndGrads((own: Params) => loss(own, t), state.params)
          const next = optimizer.update({ grads, state: state.optimizer, params: state.params })
          return { params: next.params, optimizer: next.state } as unknown as tf.TensorContainer
        }) as unknown as typeof state
      return eta(state.params, tf.tensor1d([0.4, 0.6])).arraySync()
    }) as number[][]
    // 0.12 and 0.40; candidates are few, and 600 steps leave noise
    for (const [i, t] of [0.4, 0.6].entries())
      for (const value of found[i]!) expect(Math.abs(value - perfect(t))).toBeLessThan(0.1)
  }, 30_000)

  it('with ridge lies between 0 and the regression', () => {
    const ridge = (r: number) => coefficients.leastSquares({ power: 1, centred: true, ridge: r })
    const eta = (r: number) => run(method(constantDiagonal, ridge(r)), easy.problem, 1, 32).eta[0]![0]!
    expect(eta(0)).toBeCloseTo(PERFECT, 3)
    expect(eta(1)).toBeCloseTo(PERFECT / 2, 3)
  })
})

/** Rows of problems in a box, log p1 = 2 sin 3a + 1.5 a in each of two coordinates. */
const wavy = (rows: number): PosteriorProblem => {
  const logTarget = (a: tf.Tensor) => tf.sum(tf.add(tf.mul(2, tf.sin(tf.mul(3, a))), tf.mul(1.5, a)), -1)
  return {
    schedule: linearFlow(),
    source: gaussian({ dim: 2 }),
    x: tf.fill([rows, 2], 0.3) as tf.Tensor2D,
    t: tf.fill([rows], 0.3) as tf.Tensor1D,
    support: { low: -1, high: 1 },
    logTarget,
    logTargetAndGrad: (a) => ({ value: logTarget(a), grad: tf.add(tf.mul(6, tf.cos(tf.mul(3, a))), 1.5) }),
  }
}
const estimate = (estimator: Estimator, K: number, rows = 300) =>
  tf.tidy(() => {
    const noise = drawNoiseTensors(createRng(1), estimator.noise({ batch: rows, candidates: K, dim: 2 }))
    const { noise: mean, diagnostics } = estimatePosteriorMean(wavy(rows), { estimator, noise })
    const claimed = Math.sqrt(tf.mean(tf.square(diagnostics.standardError)).dataSync()[0]!)
    const deviation = Math.sqrt(tf.mean(tf.moments(mean, 0).variance).dataSync()[0]!)
    return { claimed, deviation, clipped: tf.mean(diagnostics.clipped).dataSync()[0]! }
  })

describe('chains', () => {
  it.each(['mala', 'hmc'])('%s states an error that is one, with few candidates too', (name) => {
    for (const K of [4, 5, 7, 8, 16]) {
      const { claimed, deviation } = estimate(resolveEstimator(name), K)
      // an η that is fitted on a handful of candidates takes their variance away, not that of the estimate
      expect(claimed / deviation, `K = ${K}`).toBeGreaterThan(K < 8 ? 0.1 : 0.2)
      expect(claimed / deviation, `K = ${K}`).toBeLessThan(3)
    }
  })

  it('keep their starts where nothing is thrown away', () => {
    const still = defineEstimator({ name: 'still', reference: 'test', targets: ['bounded'], ...chains({ burnIn: 0 }) })
    let seen: readonly number[] = []
    tf.tidy(() => {
      const noise = drawNoiseTensors(createRng(1), still.noise({ batch: 1, candidates: 32, dim: 2 }))
      const statistic: PosteriorProblem['statistic'] = ({ x0 }) => {
        seen = x0.shape
        return x0
      }
      estimatePosteriorMean({ ...wavy(1), statistic }, { estimator: still, noise })
    })
    expect(seen).toEqual([1, 32, 2])
    const once = defineEstimator({ ...still, ...chains({ burnIn: 0, kept: 1 }) })
    expect(estimate(once, 8).deviation).toBeGreaterThan(0)
  })
})

it('candidates of the source outside of the support are counted', () => {
  const shares = ['rsm', 'rfm'].map((name) => estimate(resolveEstimator(name), 64).clipped)
  expect(shares[0]).toBeGreaterThan(0.3)
  expect(shares[1]).toBe(shares[0])
})

describe('the asymptotic variance of SNIS (19)', () => {
  it.each([
    ['noise form', plain, 0],
    ['η = 0.3', method(constantDiagonal, coefficients.constant(0.3)), 0.3],
  ])('is matched within 10 % at large K, case %#', { timeout: 300_000 }, (_, estimator, eta) => {
    const [B, K] = [4000, 400]
    // E_q[w² (f + η s − μ)²] for q = p0 by quadrature, coordinate by coordinate: f = z, s = −z − (β/α)(m − x1)/v
    const { alpha, beta } = linearFlow().at(0.5)
    const [v, means] = [0.3, [0.4, -0.7]]
    const n = 4000
    const nodes = Array.from({ length: n }, (__, i) => -8 + (16 * (i + 0.5)) / n)
    const parts = means.map((m, j) => {
      const x1 = (z: number) => (easy.x[j]! - beta * z) / alpha
      const prior = nodes.map((z) => (Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)) * (16 / n))
      const likelihood = nodes.map((z) => Math.exp((-0.5 * (x1(z) - m) ** 2) / v))
      const evidence = prior.reduce((sum, p, i) => sum + p * likelihood[i]!, 0)
      const square = (h: (z: number) => number) =>
        prior.reduce((sum, p, i) => sum + p * (likelihood[i]! / evidence) ** 2 * h(nodes[i]!), 0)
      const residual = (z: number) => z + eta * (-z - ((beta / alpha) * (m - x1(z))) / v) - easy.answer[j]!
      return { weights: square(() => 1), squares: square((z) => residual(z) ** 2) }
    })
    // the weight is a product over coordinates
    const expected = [0, 1].map((j) => parts[j]!.squares * parts[1 - j]!.weights)
    const { mean } = run(estimator, easy.problem, B, K)
    for (const j of [0, 1]) {
      const variance = mean.reduce((sum, row) => sum + (row[j]! - easy.answer[j]!) ** 2, 0) / B
      expect((variance * K) / expected[j]!).toBeGreaterThan(0.9)
      expect((variance * K) / expected[j]!).toBeLessThan(1.1)
    }
  })
})

const inputs = [1, 1, 2] as const
const network = mlp({ inputs: [...inputs], hidden: [12], outputs: 1, activation: 'tanh', outputScale: 0.3 })

describe('test functions', () => {
  const cases: [string, (bounded: boolean) => TestFunction][] = [
    ['constant', () => constantDiagonal],
    ['boundary-vanishing', () => boundaryVanishing],
    ['polynomial', (bounded) => polynomial({ degree: 2, boundaryVanishing: bounded })],
    [
      'feature',
      (bounded) =>
        features([{ value: (x) => tf.sin(x), derivative: (x) => tf.cos(x) }], { boundaryVanishing: bounded }),
    ],
    [
      'neural',
      (bounded) =>
        neural((x1, x, t) => tf.sin(tf.add(tf.mul(x1, tf.expandDims(x, 1)), tf.reshape(t, [-1, 1, 1]))), {
          boundaryVanishing: bounded,
        }),
    ],
    ['crossed', (bounded) => crossed(bounded ? boundaryVanishing : constantDiagonal)],
  ]
  it.each(cases)('%s ones give control variates of mean zero', async (_, make) => {
    // a fixed η shows any bias
    for (const bounded of [false, true]) {
      if (bounded && make(true) === constantDiagonal) continue
      const estimator = defineEstimator({
        name: 'test',
        reference: 'test',
        targets: [bounded ? 'bounded' : 'unbounded'],
        ...importanceSampling({
          proposal: bounded ? truncatedProposal : sourceProposal,
          control: { testFunction: make(bounded), coefficient: coefficients.constant(0.2) },
        }),
      })
      const checks = conformanceChecks(estimator).filter(
        ({ name }) => name.startsWith('is right: Gaussian') || name.includes('t = 0.5'),
      )
      expect(checks.length).toBeGreaterThan(0)
      for (const check of checks) await check.run()
    }
  })

  it('constant ones are biased by the edges of a box, at small t badly', () => {
    const known = boxProblem(linearFlow(), 0.3, [0.2])
    const biased = tf.tidy(() => {
      const problem = known.problem(1)
      const uniform = tf.tensor3d(createRng(1).fillUniform(new Float32Array(4000)), [1, 4000, 1])
      const at = { alpha: tf.tensor3d([[[0.3]]]), beta: tf.tensor3d([[[0.7]]]) }
      const { x0, x1 } = truncatedProposal.draw(problem, { candidates: uniform }, at)
      const { support: _, ...unclipped } = problem
      const control = { testFunction: constantDiagonal, coefficient: coefficients.gradient }
      return estimateFromCandidates(unclipped, { x0, x1, control }).noise.dataSync()[0]!
    })
    expect(Math.abs(biased - known.answer[0]!)).toBeGreaterThan(0.2)
  })

  it('crossed ones, a full matrix η, leave no variance on a correlated Gaussian target', () => {
    // X1 ~ N(m, C): the posterior score is affine in x0 with a full matrix
    const precision = [
      [4, 2.5],
      [2.5, 3],
    ]
    const correlated = (B: number): PosteriorProblem => {
      const gradient = (x1: tf.Tensor) => {
        const rows = tf.reshape(tf.sub([0.4, -0.7], x1), [-1, 2]) as tf.Tensor2D
        return tf.reshape(tf.matMul(rows, tf.tensor2d(precision)), x1.shape)
      }
      const logTarget = (x1: tf.Tensor) => tf.mul(0.5, tf.sum(tf.mul(gradient(x1), tf.sub(x1, [0.4, -0.7])), -1))
      return { ...easy.problem(B), logTarget, logTargetAndGrad: (x1) => ({ value: logTarget(x1), grad: gradient(x1) }) }
    }
    const spread = (estimator: Estimator) => {
      const values = run(estimator, correlated, 50, 24).mean.map((row) => row[0]!)
      return Math.max(...values) - Math.min(...values)
    }
    expect(spread(method(constantDiagonal))).toBeGreaterThan(0.02)
    expect(spread(method(crossed(constantDiagonal)))).toBeLessThan(1e-3)
  })

  it('neural ones learn on the variance criterion, amortised over x and t', () => {
    const [B, K, steps] = [16, 32, 200]
    // a target no constant η suits: two modes, x and t anywhere
    const logTarget = (x1: tf.Tensor) =>
      tf.squeeze(tf.logSumExp(tf.stack([-1, 1].map((m) => tf.mul(-4, tf.square(tf.sub(x1, m))))), 0), [-1])
    const problem = (x: tf.Tensor2D, t: tf.Tensor1D): PosteriorProblem => ({
      schedule: linearFlow(),
      source: gaussian({ dim: 1 }),
      x,
      t,
      logTarget,
      logTargetAndGrad: (x1) => ({ value: logTarget(x1), grad: tf.grad((z: tf.Tensor) => tf.sum(logTarget(z)))(x1) }),
    })
    type Params = ReturnType<typeof network.init>
    const phi = (params: Params) =>
      neural((x1, x, t) => {
        const wide = (v: tf.Tensor) => tf.add(v, tf.zerosLike(x1))
        const context = tf.concat([wide(tf.expandDims(x, 1)), wide(tf.reshape(t, [-1, 1, 1]))], 2)
        return network.apply(params, [x1, tf.square(x1), context])
      })
    const rng = createRng(1)
    const draw = (seed: typeof rng) => ({
      x: tf.tensor2d(seed.fillUniform(new Float32Array(B), -1, 1), [B, 1]),
      t: tf.tensor1d(seed.fillUniform(new Float32Array(B), 0.3, 0.8)),
      noise: { candidates: tf.tensor3d(seed.fillNormal(new Float32Array(B * K)), [B, K, 1]) },
    })
    /** The criterion of a test function on the weights and candidates of a draw. */
    const criterion = (testFunction: TestFunction, { x, t, noise }: ReturnType<typeof draw>) => {
      const own = problem(x, t)
      const { alpha, beta } = own.schedule.atTensor(t)
      const at = { alpha: tf.reshape(alpha, [-1, 1, 1]), beta: tf.reshape(beta, [-1, 1, 1]) } as const
      const { x0: f, x1 } = sourceProposal.draw(own, noise, at as never)
      const { value, grad } = own.logTargetAndGrad!(x1)
      const score = tf.sub(tf.neg(f), tf.mul(tf.div(at.beta, at.alpha), grad))
      const [g] = testFunction({ x1, score, at: at as never, x, t })
      return controlVariance({ weights: tf.expandDims(tf.softmax(value), 2), f, g: g! })
    }
    const optimizer = adam({ learningRate: 1e-2 })
    const fresh = (testFunction: TestFunction) =>
      tf.tidy(() =>
        Array.from({ length: 8 }, (_, i) => criterion(testFunction, draw(createRng(100 + i))).dataSync()[0]!).reduce(
          (a, b) => a + b,
        ),
      )
    const [before, after] = tf.tidy(() => {
      const params = network.init(createRng(7))
      let state = { params, optimizer: optimizer.init(params) }
      const zero = fresh(features([{ value: (x) => tf.zerosLike(x), derivative: (x) => tf.zerosLike(x) }]))
      for (let i = 0; i < steps; i++) {
        state = tf.tidy(() => {
          const batch = draw(rng)
          const { grads } = valueAndGrads((p: Params) => criterion(phi(p), batch), state.params)
          const next = optimizer.update({ grads, state: state.optimizer, params: state.params })
          return { params: next.params, optimizer: next.state } as unknown as tf.TensorContainer
        }) as unknown as typeof state
      }
      return [zero, fresh(phi(state.params))] as never
    }) as unknown as [number, number]
    expect(after).toBeLessThan(0.7 * before)
  }, 120_000)
})

describe('the registry', () => {
  it('knows estimators by name; unknown names, missing gradients, bounds and scores are named', () => {
    expect(listEstimators().map(({ name }) => name)).toContain('rfm-box')
    expect(() => estimatorNoise('rfm-bx', { batch: 1, candidates: 1, dim: 1 })).toThrow("did you mean 'rfm-box'?")
    expect(() => registerEstimator(listEstimators()[0]!)).toThrow('expected a new name')
    tf.tidy(() => {
      const { logTargetAndGrad: _, support: __, ...problem } = boxProblem(linearFlow(), 0.5, [0]).problem(1)
      const candidates = tf.fill([1, 4, 1], 0.3)
      const attempt = (name: string) => () =>
        estimatePosteriorMean(problem, { estimator: name, noise: { candidates } }).noise
      expect(attempt('rfm')).toThrow('problem.logTargetAndGrad: expected a function')
      expect(attempt('qne')).toThrow('problem.support: expected bounds of the data')
    })
  })
})
