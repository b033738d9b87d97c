import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRng } from '@revflow/core'
import type { HostTensor } from '@revflow/jit'
import { type Estimator, resolveEstimator } from '@revflow/stein'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { main } from '../src/cli.ts'
import { candidatesFor, contestants, reference } from '../src/contestants.ts'
import { mixtureEnergy, mlpEnergy } from '../src/energies.ts'
import { learnedEta } from '../src/eta.ts'
import { laboratory, pointsAt } from '../src/measure.ts'
import { advantages } from '../src/report.ts'
import type { Row } from '../src/study.ts'

beforeAll(() => tf.setBackend('cpu'))

describe('the laboratory', () => {
  it('answers as quadrature does, on a box, and measures errors that fall with K', async () => {
    const params = mixtureEnergy.draw(createRng(3), 1, 1)
    const [x, t] = [0.3, 0.5]
    const lab = laboratory(mixtureEnergy, true)
    const question = { energy: mixtureEnergy, params, x: Float32Array.of(x), t, bounded: true }
    const answer = await lab.answer(question)
    const [means, logWeights] = [params.means!.data, params.logWeights!.data]
    let [total, weighted] = [0, 0]
    for (let i = 0; i < 4000; i++) {
      const a = -1 + (i + 0.5) / 2000
      const x0 = (x - t * a) / (1 - t)
      const density = Array.from(means, (m, k) => Math.exp(logWeights[k]! - 8 * (a - m) ** 2)).reduce((p, q) => p + q)
      const weight = density * Math.exp(-0.5 * x0 * x0)
      total += weight
      weighted += weight * x0
    }
    expect(answer[0]).toBeCloseTo(weighted / total, 2)
    const error = async (candidates: number) =>
      (await lab.measure(question, answer, resolveEstimator('qne'), { candidates, repetitions: 200, seed: 0 }))
        .squaredError
    expect(await error(64)).toBeLessThan((await error(8)) / 4)
    await lab.dispose()
  })

  it('draws the same energies again, with the entries that the study states', () => {
    const once = mlpEnergy.draw(createRng(1), 6, 2)
    expect(mlpEnergy.draw(createRng(1), 6, 2)).toEqual(once)
    const deviation = ({ data }: HostTensor) => Math.sqrt(Array.from(data).reduce((s, v) => s + v * v, 0) / data.length)
    // 384 and 4,096 normals: within 4 standard errors
    expect(Math.abs(deviation(once.w1!) / (1.5 / Math.sqrt(6)) - 1)).toBeLessThan(4 / Math.sqrt(2 * 384))
    expect(Math.abs(deviation(once.w2!) / (1.4 / 8) - 1)).toBeLessThan(4 / Math.sqrt(2 * 4096))
  })
})

it('a network learns an η with less error than none has', async () => {
  const [dim, t] = [2, 0.6]
  const question = { energy: mlpEnergy, params: mlpEnergy.draw(createRng(5), dim, 1), t, bounded: true }
  const lab = laboratory(mlpEnergy, true)
  const at = { ...question, x: pointsAt(createRng(6), t, dim) }
  const [answer, learned] = [await lab.answer(at), await learnedEta(at, 200)]
  const error = async (estimator: Estimator) =>
    (await lab.measure(at, answer, estimator, { candidates: 16, repetitions: 400, seed: 0 })).squaredError
  expect(await error(learned)).toBeLessThan((await error(resolveEstimator('qne'))) / 2)
  await lab.dispose()
})

describe('the contest', () => {
  it('gives each estimator what a cost affords, and not one more', () => {
    for (const bounded of [true, false])
      for (const estimator of [...contestants(bounded), reference(bounded)]) {
        const candidates = candidatesFor(estimator, 64)
        expect(estimator.cost(candidates)).toBeLessThanOrEqual(64)
        expect(estimator.cost(candidates + 1)).toBeGreaterThan(64)
      }
  })

  it('compares with the better of the baselines, time by time', () => {
    const row = (estimator: string, t: number, squaredError: number) =>
      ({ estimator, t, squaredError, budget: 64, candidates: 1 }) as Row
    const rows = [row('qne', 0.1, 4), row('idem', 0.1, 8), row('qne', 0.9, 9), row('idem', 0.9, 3)]
    const found = advantages([...rows, row('rfm-box', 0.1, 1), row('rfm-box', 0.9, 3)], 64)
    expect(found.find(({ estimator }) => estimator === 'rfm-box')!.ratios).toEqual([4, 1])
    expect(found.find(({ estimator }) => estimator === 'rfm-box')!.mean).toBeCloseTo(2)
  })
})

describe('bench:estimators', () => {
  it('measures, reports, and names what it does not know', async () => {
    const out = mkdtempSync(join(tmpdir(), 'estimators-'))
    try {
      expect(await main(['smoke', '--out', out])).toBe(0)
      const text = readFileSync(join(out, 'report.md'), 'utf8')
      expect(text).toContain('rfm-surrogate')
      expect(text).not.toContain('NaN')
      expect(await main(['smok', '--out', out])).toBe(2)
      expect(await main(['smoke', '--part', 'costs', '--out', out])).toBe(2)
    } finally {
      rmSync(out, { recursive: true })
    }
  })
})
