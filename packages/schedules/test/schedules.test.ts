import { createRng } from '@revflow/core'
import {
  convertPrediction,
  cosineFlow,
  customSchedule,
  gaussian,
  linearFlow,
  logSnr,
  type Prediction,
  type Schedule,
  veGeometric,
  vpCosine,
  vpLinear,
} from '@revflow/schedules'
import * as tf from '@tensorflow/tfjs'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let tensors = 0
beforeEach(() => {
  tensors = tf.memory().numTensors
})
afterEach(() => expect(tf.memory().numTensors).toBe(tensors))

const all: Schedule[] = [linearFlow(), cosineFlow(), vpLinear(), vpCosine(), veGeometric({ sigmaMin: 0.01 })]
const cases = all.map((schedule) => [schedule.name, schedule] as const)

describe.each(cases)('%s', (_, schedule) => {
  const inside = fc.double({ min: schedule.tMin + 1e-3, max: schedule.tMax - 1e-3, noNaN: true })

  it('has the derivatives of its coefficients (central differences)', () => {
    fc.assert(
      fc.property(inside, (t) => {
        const h = 1e-6
        const [here, after, before] = [schedule.at(t), schedule.at(t + h), schedule.at(t - h)]
        for (const key of ['alpha', 'beta'] as const) {
          const numeric = (after[key] - before[key]) / (2 * h)
          const written = here[`${key}Dot`]
          expect(Math.abs(numeric - written)).toBeLessThan(1e-4 * Math.max(1, Math.abs(written)))
        }
      }),
    )
  })

  it('gives tensors the float32 values of its numbers, near t = 1 too', () => {
    const near = [1e-2, 1e-3, 1e-4].map((gap) => Math.fround(schedule.tMax - gap))
    const times = [...near, Math.fround(0.3), Math.fround(0.77)]
    const tensor = tf.tidy(() => {
      const { alpha, beta, alphaDot, betaDot } = schedule.atTensor(tf.tensor1d(times))
      return tf.stack([alpha, beta, alphaDot, betaDot]).arraySync() as number[][]
    })
    for (const [i, t] of times.entries()) {
      const { alpha, beta, alphaDot, betaDot } = schedule.at(t)
      for (const [row, value] of [alpha, beta, alphaDot, betaDot].entries())
        expect(Math.abs(tensor[row]![i]! - value)).toBeLessThanOrEqual(1e-6 * Math.max(Math.abs(value), 1e-3))
    }
  })

  it('converts every prediction into every other and back', () => {
    const kinds: Prediction[] = ['velocity', 'data', 'noise', 'score']
    const t = Math.fround(0.6)
    const { alpha, beta, alphaDot, betaDot } = schedule.at(t)
    const [x0, x1] = [
      [0.3, -1.2],
      [0.5, 0.8],
    ] as const
    const x = x0.map((n, j) => alpha * x1[j]! + beta * n)
    const values: Record<Prediction, number[]> = {
      noise: [...x0],
      data: [...x1],
      velocity: x0.map((n, j) => alphaDot * x1[j]! + betaDot * n),
      score: x0.map((n) => -n / beta),
    }
    for (const from of kinds)
      for (const to of kinds) {
        const out = tf.tidy(() =>
          convertPrediction({
            schedule,
            from,
            to,
            value: tf.tensor2d([values[from]]),
            x: tf.tensor2d([x]),
            t: tf.tensor1d([t]),
          }).dataSync(),
        )
        for (const [j, value] of values[to].entries())
          expect(Math.abs(out[j]! - value), `${from} to ${to}`).toBeLessThan(2e-4 * Math.max(1, Math.abs(value)))
      }
  })
})

describe('schedules', () => {
  it('have the ends and identities of their definitions', () => {
    expect(linearFlow().at(0.25)).toEqual({ alpha: 0.25, beta: 0.75, alphaDot: 1, betaDot: -1 })
    for (const t of [0.1, 0.5, 0.9])
      for (const schedule of [cosineFlow(), vpLinear(), vpCosine()]) {
        const { alpha, beta } = schedule.at(t)
        expect(alpha ** 2 + beta ** 2).toBeCloseTo(1, 12)
      }
    expect(vpLinear().at(0).alpha).toBeCloseTo(0.0066, 4)
    expect(vpCosine().at(0).alpha).toBe(0)
    expect(veGeometric({ sigmaMin: 0.01, sigmaMax: 5 }).at(1).beta).toBeCloseTo(0.01)
    expect(veGeometric({ sigmaMin: 0.01, sigmaMax: 5 }).start.scale).toBe(5)
    expect(logSnr(linearFlow(), 0.5)).toBeCloseTo(0)
  })

  it('name singular times, wrong derivatives and bad options', () => {
    expect(() => vpCosine({ tMax: 1 }).at(1)).toThrow(
      'vp-cosine.betaDot: expected a time where it is finite, received t = 1',
    )
    expect(() => linearFlow({ tMin: 0.5, tMax: 0.2 })).toThrow('expected 0 ≤ tMin < tMax ≤ 1')
    expect(() => vpLinear({ b2: 3 } as never)).toThrow(/vpLinear\.b2: expected one of b0, b1.*did you mean/)
    expect(() =>
      customSchedule({
        name: 'mine',
        tMin: 0,
        tMax: 1,
        coefficients: (t, m) => ({
          alpha: m.mul(t, t),
          beta: m.sub(1, t),
          alphaDot: t,
          betaDot: m.sub(m.mul(t, 0), 1),
        }),
      }),
    ).toThrow(/mine\.alphaDot: expected 0\.200000 at t = 0\.100 by finite differences, received 0\.1/)
  })
})

describe('gaussian', () => {
  it('draws its law and knows its density and score', () => {
    const source = gaussian({ dim: 2, mean: 1, scale: 2 })
    const n = 50_000
    const draws = source.draw(createRng(4), n)
    const mean = draws.reduce((a, b) => a + b, 0) / draws.length
    const variance = draws.reduce((sum, v) => sum + (v - mean) ** 2, 0) / draws.length
    expect(Math.abs(mean - 1)).toBeLessThan((4 * 2) / Math.sqrt(2 * n)) // 4 standard errors
    expect(Math.abs(variance - 4)).toBeLessThan((4 * 4 * Math.SQRT2) / Math.sqrt(2 * n))
    const [logProb, score] = tf.tidy(() => {
      const x = tf.tensor2d([[3, 0]])
      return [source.logProb(x).dataSync(), source.score(x).dataSync()]
    })
    expect(logProb[0]).toBeCloseTo(-0.5 * (1 + 0.25) - 2 * Math.log(2) - Math.log(2 * Math.PI), 5)
    expect([...score]).toEqual([-0.5, 0.25])
    expect(() => gaussian({ dim: 0 })).toThrow('expected dim ≥ 1')
  })
})
