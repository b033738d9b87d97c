import { createRng } from '@revflow/core'
import { reverseScoreTarget, velocityTarget } from '@revflow/flows'
import { gaussian, laplace, linearFlow, type Source, studentT, uniformBox, vpCosine } from '@revflow/schedules'
import {
  coefficients,
  defineEstimator,
  drawNoiseTensors,
  type Estimator,
  estimatePosteriorMean,
  importanceSampling,
  type PosteriorProblem,
  resolveEstimator,
  sourceProposal,
  testFunctions,
} from '@revflow/stein'
import { gaussianProblem } from '@revflow/stein/testing'
import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let tensors = 0
beforeEach(async () => {
  await tf.setBackend('cpu')
  tensors = tf.memory().numTensors
})
afterEach(() => expect(tf.memory().numTensors).toBe(tensors))

const numbers = <T>(body: () => T): T => tf.tidy(body as unknown as () => tf.TensorContainer) as T
const noiseFor = (estimator: Estimator, problem: PosteriorProblem, candidates: number, seed = 1) => {
  const [batch, dim] = problem.x.shape
  return drawNoiseTensors(createRng(seed), estimator.noise({ batch, candidates, dim, source: problem.source }))
}
const withControl = (eta: number): Estimator =>
  defineEstimator({
    name: `η = ${eta}`,
    reference: '(18)',
    targets: ['unbounded'],
    ...importanceSampling({
      proposal: sourceProposal,
      control: { testFunction: testFunctions.constantDiagonal, coefficient: coefficients.constant(eta) },
    }),
  })

/** X1 ~ ½ N(−.6, .3²) + ½ N(.6, .3²), in one dimension. */
const MODES = [-0.6, 0.6]
const WIDTH = 0.3
const logP1 = (a: number) => Math.log(MODES.reduce((sum, m) => sum + Math.exp((-0.5 * (a - m) ** 2) / WIDTH ** 2), 0))
function mixtureProblem(source: Source, x: number, t: number): PosteriorProblem {
  const parts = (x1: tf.Tensor) =>
    tf.stack(
      MODES.map((m) => tf.mul(tf.square(tf.sub(x1, m)), -0.5 / WIDTH ** 2)),
      -1,
    )
  const logTarget = (x1: tf.Tensor) => tf.squeeze(tf.logSumExp(parts(x1), -1), [-1])
  return {
    schedule: linearFlow(),
    source,
    x: tf.tensor2d([[x]]),
    t: tf.tensor1d([t]),
    logTarget,
    logTargetAndGrad(x1) {
      const pulls = tf.stack(
        MODES.map((m) => tf.div(tf.sub(m, x1), WIDTH ** 2)),
        -1,
      )
      return { value: logTarget(x1), grad: tf.sum(tf.mul(tf.softmax(parts(x1)), pulls), -1) }
    },
  }
}

/** ∇ log p_t(x) and E[X0|x] of the mixture under any source, by quadrature over x1 and central differences. */
function quadrature(source: Source, x: number, t: number) {
  const n = 40_000
  const grid = Float32Array.from({ length: n }, (_, i) => -3 + (6 * (i + 0.5)) / n)
  const at = (y: number) => {
    const x0 = grid.map((a) => (y - t * a) / (1 - t))
    const prior = numbers(() => source.logProb(tf.tensor2d(x0, [n, 1])).dataSync())
    const weights = Array.from(grid, (a, i) => Math.exp(logP1(a) + prior[i]!))
    const total = weights.reduce((a, b) => a + b)
    return { density: total, noise: weights.reduce((sum, w, i) => sum + w * x0[i]!, 0) / total }
  }
  const h = 2e-2 // well above the grid's spacing, which the edge of a source shows
  return {
    score: (Math.log(at(x + h).density) - Math.log(at(x - h).density)) / (2 * h),
    noise: at(x).noise,
  }
}

describe('reverse score matching', () => {
  const sources = [gaussian({ dim: 1 }), laplace({ dim: 1 }), studentT({ dim: 1, dof: 4 })]
  it.each(sources.map((source) => [source.name, source] as const))(
    'has the score of p_t for its regression target, source %s: (26) and (27)',
    (_, source) => {
      for (const [x, t] of [
        [0.3, 0.4],
        [-0.8, 0.6],
      ] as const) {
        const exact = quadrature(source, x, t)
        const estimator = withControl(0)
        const estimate = (form: 'source' | 'target') =>
          numbers(() => {
            const problem = mixtureProblem(source, x, t)
            const noise = noiseFor(estimator, problem, 100_000)
            const score = reverseScoreTarget(problem, { form, estimator, noise }).dataSync()[0]!
            const { noise: mean } = estimatePosteriorMean(problem, { estimator, noise })
            return { score, noise: mean.dataSync()[0]! }
          })
        for (const form of ['source', 'target'] as const) {
          const found = estimate(form)
          expect(Math.abs(found.score - exact.score), `${form} at ${x}, ${t}`).toBeLessThan(0.06)
          expect(Math.abs(found.noise - exact.noise)).toBeLessThan(0.02)
          // Gaussian source: ∇ log p_t = −E[X0|x]/β
          if (source.name === 'gaussian' && form === 'source')
            expect(found.score).toBeCloseTo(-found.noise / (1 - t), 4)
        }
      }
    },
  )

  it('is −E[X0|x]/β and (29) with the gradient form, to rounding', () => {
    const problem = mixtureProblem(gaussian({ dim: 1 }), 0.3, 0.4)
    const noise = noiseFor(resolveEstimator('idem'), problem, 32)
    const of = (form: 'source' | 'target', estimator: string) =>
      numbers(() => reverseScoreTarget(problem, { form, estimator, noise }).dataSync()[0]!)
    const mean = numbers(() => estimatePosteriorMean(problem, { estimator: 'idem', noise }).noise.dataSync()[0]!)
    expect(of('source', 'idem')).toBeCloseTo(-mean / 0.6, 4)
    // candidates of rsm are those of idem where there are no bounds, without a control variate
    expect(of('target', 'idem')).toBeCloseTo(of('target', 'rsm'), 4)
    tf.dispose([noise, problem.x, problem.t])
  })

  it('has the variance of the posterior mean it is made of, whatever the estimator', () => {
    const problem = mixtureProblem(gaussian({ dim: 1 }), 0.3, 0.7)
    const deviation = (estimate: (noise: Record<string, tf.Tensor>) => tf.Tensor, name: string) => {
      const found = Array.from({ length: 30 }, (_, seed) => {
        const noise = noiseFor(resolveEstimator(name), problem, 48, seed)
        const value = numbers(() => estimate(noise).dataSync()[0]!)
        tf.dispose(noise)
        return value
      })
      const mean = found.reduce((a, b) => a + b) / found.length
      return Math.sqrt(found.reduce((sum, x) => sum + (x - mean) ** 2, 0) / found.length)
    }
    for (const estimator of ['rfm', 'rfm-two-stage']) {
      const posterior = deviation(
        (noise) => tf.div(estimatePosteriorMean(problem, { estimator, noise }).noise, 0.3),
        estimator,
      )
      const source = deviation((noise) => reverseScoreTarget(problem, { form: 'source', estimator, noise }), estimator)
      const target = deviation((noise) => reverseScoreTarget(problem, { form: 'target', estimator, noise }), estimator)
      expect(source / posterior, estimator).toBeCloseTo(1, 3)
      expect(target / posterior, estimator).toBeLessThan(3)
    }
    tf.dispose([problem.x, problem.t])
  })

  it('refuses the form that an edge makes wrong', () => {
    const options = { estimator: 'rsm', noise: {} }
    numbers(() => {
      const edged = mixtureProblem(uniformBox({ dim: 1 }), 0, 0.5)
      expect(() => reverseScoreTarget(edged, { form: 'source', ...options })).toThrow(
        "source uniform-box: expected a source without edges, for its form of the score, received one with edges; use form: 'target'",
      )
      const bounded = { ...mixtureProblem(gaussian({ dim: 1 }), 0, 0.5), support: { low: -1, high: 1 } }
      expect(() => reverseScoreTarget(bounded, { form: 'target', ...options })).toThrow("use form: 'source'")
    })
  })

  it('works with a uniform source through the target (27), where the noise form fails', () => {
    const [x, t] = [0.2, 0.5]
    const source = uniformBox({ dim: 1, low: -1, high: 1 })
    const estimator = withControl(0)
    // a uniform source has no score: only an estimator without a control variate can be used
    const plain = defineEstimator({ ...estimator, ...importanceSampling({ proposal: sourceProposal }) })
    const found = numbers(() => {
      const problem = mixtureProblem(source, x, t)
      const noise = noiseFor(plain, problem, 100_000)
      return reverseScoreTarget(problem, { form: 'target', estimator: plain, noise }).dataSync()[0]!
    })
    expect(Math.abs(found - quadrature(source, x, t).score)).toBeLessThan(0.06)
  })
})

describe('Boltzmann targets (Theorem 2)', () => {
  /** Σ w̄ x0 and Σ w̄ ∇Q/λ on the candidates an estimator saw. */
  const parts = (scale: number, mean: number, eta: number) =>
    numbers(() => {
      const base = gaussianProblem(vpCosine(), 0.5).problem(1)
      const problem = {
        ...base,
        source: gaussian({ dim: 2, mean, scale }),
        statistic: ({ grad }: { grad: tf.Tensor | undefined }) => grad!,
      }
      const [noise, plain] = [noiseFor(withControl(0), problem, 50), withControl(0)]
      const { alpha, beta } = vpCosine().at(0.5)
      const without = estimatePosteriorMean(problem, { estimator: plain, noise })
      const estimate = estimatePosteriorMean(problem, { estimator: withControl(eta), noise })
      return {
        ratio: beta / alpha,
        plain: without.noise.dataSync(),
        gradient: without.statistic!.dataSync(),
        estimate: estimate.noise.dataSync(),
      }
    })

  it('is the gradient form m − g²(β/α) E[∇Q/λ] at η = g² (24)', () => {
    const { ratio, gradient, estimate } = parts(0.7, 0.3, 0.49)
    for (const j of [0, 1]) expect(estimate[j]).toBeCloseTo(0.3 - 0.49 * ratio * gradient[j]!, 4)
  })

  it('lies between the forms at other η: (1 − η) E[X0] − η (β/α) E[∇Q/λ] (25)', () => {
    const { ratio, plain, gradient, estimate } = parts(1, 0, 0.35)
    for (const j of [0, 1]) expect(estimate[j]).toBeCloseTo(0.65 * plain[j]! - 0.35 * ratio * gradient[j]!, 4)
  })

  /** Without variance on a Gaussian target (15), so that only the proposal differs. */
  const regression = defineEstimator({
    ...withControl(0),
    ...importanceSampling({
      proposal: sourceProposal,
      control: { testFunction: testFunctions.constantDiagonal, coefficient: coefficients.regression },
    }),
  })

  it('has the same minimiser whatever proposal x_t is drawn from (Theorem 1)', () => {
    // u_t is affine in x on a Gaussian target: least squares on noisy targets finds it from either proposal
    const t = 0.5
    const schedule = linearFlow()
    const fit = (centre: number, width: number) =>
      numbers(() => {
        const n = 1500
        const x = createRng(1)
          .fillNormal(new Float32Array(n * 2), width)
          .map((v) => v + centre)
        const problem = { ...gaussianProblem(schedule, t).problem(n), x: tf.tensor2d(x, [n, 2]) }
        const estimator = regression
        const posterior = estimatePosteriorMean(problem, { estimator, noise: noiseFor(estimator, problem, 64) })
        const u = velocityTarget({ schedule, x: problem.x, t: problem.t, posterior }).dataSync()
        const xs = Array.from({ length: n }, (_, i) => x[2 * i]!)
        const us = Array.from({ length: n }, (_, i) => u[2 * i]!)
        const mean = (v: readonly number[]) => v.reduce((a, b) => a + b) / n
        const [mx, mu] = [mean(xs), mean(us)]
        const slope = mean(xs.map((v, i) => (v - mx) * (us[i]! - mu))) / mean(xs.map((v) => (v - mx) ** 2))
        return { slope, intercept: mu - slope * mx }
      })
    // u = (x − β(x − αm)/(α²v + β²))/t with m = .4, v = .3
    const share = 0.5 / (0.25 * 0.3 + 0.25)
    const exact = { slope: (1 - share) / t, intercept: (share * 0.5 * 0.4) / t }
    for (const [centre, width] of [
      [0, 0.5],
      [0.8, 0.3],
    ] as const) {
      const { slope, intercept } = fit(centre, width)
      expect(Math.abs(slope - exact.slope)).toBeLessThan(0.01)
      expect(Math.abs(intercept - exact.intercept)).toBeLessThan(0.01)
    }
  })
})
