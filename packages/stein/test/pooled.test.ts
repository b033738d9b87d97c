import { createRng } from '@revflow/core'
import { linearFlow } from '@revflow/schedules'
import { estimatePosteriorMean, estimatorNoise } from '@revflow/stein'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { drawNoiseTensors } from '../src/proposals/noise.ts'
import { boxProblem } from '../src/testing/problems.ts'

beforeAll(() => tf.setBackend('cpu').then(() => undefined))

/** Noisy points of one two-modal target on a box, one in each quarter of time, with their known E[X0|x]. */
const asked = [
  boxProblem(linearFlow(), 0.1, [0.2, -0.4]),
  boxProblem(linearFlow(), 0.4, [-0.6, 0.3]),
  boxProblem(linearFlow(), 0.6, [0.5, -0.3]),
  boxProblem(linearFlow(), 0.9, [0.1, 0.5]),
]

/** E[X0|x] of every point, [groups · 4][2], by an estimator with K candidates a row. */
function estimate(estimator: string, groups: number, candidates: number, centre?: readonly number[][]) {
  const repeat = <T>(rows: T[]): T[] => Array.from({ length: groups }, () => rows).flat()
  const batch = groups * asked.length
  return tf.tidy(() => {
    const problem = {
      ...asked[0]!.problem(batch),
      x: tf.tensor2d(repeat(asked.map(({ x }) => [...x]))),
      t: tf.tensor1d(repeat(asked.map(({ t }) => t))),
      sharing: asked.length,
      ...(centre && { centre: tf.tensor2d(repeat([...centre])) }),
    }
    const noise = drawNoiseTensors(createRng(1), estimatorNoise(estimator, { batch, candidates, dim: 2 }))
    const { noise: mean, diagnostics } = estimatePosteriorMean(problem, { estimator, noise })
    return {
      mean: mean.arraySync() as number[][],
      ess: Array.from(diagnostics.ess.dataSync()),
      share: Array.from(diagnostics.effectiveShare.dataSync()),
    }
  })
}

/** Mean squared error at each of the points. */
function errors(estimator: string, candidates: number, centre?: readonly number[][]): number[] {
  const groups = 500
  const { mean } = estimate(estimator, groups, candidates, centre)
  return asked.map(({ answer }, r) => {
    const rows = mean.filter((_, i) => i % asked.length === r)
    return rows.reduce((sum, row) => sum + row.reduce((s, v, j) => s + (v - answer[j]!) ** 2, 0), 0) / (2 * groups)
  })
}

describe('rfm-pool', () => {
  it('comes to the posterior means of every point of a group', () => {
    const { mean, ess, share } = estimate('rfm-pool', 20, 1000)
    for (const [i, row] of mean.entries())
      for (const [j, value] of row.entries())
        expect(Math.abs(value - asked[i % asked.length]!.answer[j]!)).toBeLessThan(0.05)
    for (const [i, value] of ess.entries()) expect(share[i]).toBeCloseTo(value / 4000, 6)
  })

  it('is nearly as good as rfm-box with the candidates of the whole group, at the cost of its own', () => {
    const [own, pooled, whole] = [errors('rfm-box', 4), errors('rfm-pool', 4), errors('rfm-box', 16)]
    // measured: 10, 10, 7 and 2 times less than with 4 candidates alone; where t is .9 candidates of others are too far
    for (const [r, least] of [5, 5, 4, 1.5].entries()) expect(own[r]! / pooled[r]!).toBeGreaterThan(least)
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
    expect(sum(pooled) / sum(whole)).toBeLessThan(1.5)
  })

  it('names groups that do not come out even', () => {
    const problem = { ...asked[0]!.problem(6), sharing: 4 }
    const noise = drawNoiseTensors(createRng(2), estimatorNoise('rfm-pool', { batch: 6, candidates: 2, dim: 2 }))
    expect(() => estimatePosteriorMean(problem, { estimator: 'rfm-pool', noise })).toThrow(
      'problem.sharing: expected a divisor of the number of rows, 6, received 4',
    )
  })

  it('shares within groups only, and nothing where rows are single', () => {
    const [two, three] = [estimate('rfm-pool', 2, 4), estimate('rfm-pool', 3, 4)]
    // the noise of earlier rows is the same, and so are their estimates
    expect(three.mean.slice(0, 8)).toEqual(two.mean)
    const single = { ...asked[0]!.problem(6) }
    const noise = drawNoiseTensors(createRng(2), estimatorNoise('rfm-box', { batch: 6, candidates: 8, dim: 2 }))
    const [a, b] = ['rfm-pool', 'rfm-box'].map((estimator) =>
      Array.from(estimatePosteriorMean(single, { estimator, noise }).noise.dataSync()),
    )
    for (const [i, value] of a!.entries()) expect(value).toBeCloseTo(b![i]!, 4)
  })
})

describe('rfm-mix with shared candidates', () => {
  /** E[X1|x] = (x − (1 − t) E[X0|x])/t of each point, and a guess that is wrong. */
  const right = asked.map(({ x, t, answer }) => x.map((v, j) => (v - (1 - t) * answer[j]!) / t))
  const wrong = asked.map(() => [0.9, 0.9])

  it.each([
    ['right', right],
    ['wrong', wrong],
  ])('comes to the posterior means of every point of a group from a %s guess', (_, centre) => {
    const { mean } = estimate('rfm-mix', 20, 1000, centre)
    for (const [i, row] of mean.entries())
      for (const [j, value] of row.entries())
        expect(Math.abs(value - asked[i % asked.length]!.answer[j]!)).toBeLessThan(0.05)
  })

  it('is better than rfm-pool where a right guess says what candidates of others miss', () => {
    const [pooled, mixed] = [errors('rfm-pool', 4), errors('rfm-mix', 4, right)]
    // measured at t = 0.9: seven times less
    expect(pooled[3]! / mixed[3]!).toBeGreaterThan(3)
  })
})
