import { createRng } from '@revflow/core'
import {
  convertPrediction,
  cosineFlow,
  customSchedule,
  gaussian,
  gaussianMixture,
  independentCoupling,
  integratedRates,
  laplace,
  linearFlow,
  linearRates,
  logSnr,
  type Prediction,
  type Schedule,
  sourceScore,
  studentT,
  timeOfLogSnr,
  uniformBox,
  veGeometric,
  vpCosine,
  vpDiscrete,
  vpLinear,
  warpTime,
} from '@revflow/schedules'
import * as tf from '@tensorflow/tfjs'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let tensors = 0
beforeEach(() => {
  tensors = tf.memory().numTensors
})
afterEach(() => expect(tf.memory().numTensors).toBe(tensors))

const ddpm = vpDiscrete({ rates: linearRates({ steps: 20, first: 1e-4, last: 0.999, scale: 0.3 }) })
const eased = warpTime(linearFlow(), 'eased', (s, m) => ({
  value: m.mul(m.mul(s, s), m.sub(3, m.mul(s, 2))),
  derivative: m.mul(m.mul(s, 6), m.sub(1, s)),
}))
const all: Schedule[] = [
  linearFlow(),
  cosineFlow(),
  vpLinear(),
  vpCosine(),
  veGeometric({ sigmaMin: 0.01 }),
  ddpm,
  eased,
]
const cases = all.map((schedule) => [schedule.name, schedule] as const)

describe.each(cases)('%s', (_, schedule) => {
  const inside = fc.double({ min: schedule.tMin + 1e-3, max: schedule.tMax - 1e-3, noNaN: true })

  it('has the derivatives of its coefficients (central differences)', () => {
    fc.assert(
      fc.property(inside, (t) => {
        const h = 1e-6
        // a discrete schedule's rate jumps at the points of its grid
        if (schedule === ddpm) fc.pre(Math.abs(((20 * t) % 1) - 0.5) < 0.49)
        const [here, after, before] = [schedule.at(t), schedule.at(t + h), schedule.at(t - h)]
        for (const key of ['alpha', 'beta'] as const) {
          const numeric = (after[key] - before[key]) / (2 * h)
          const written = here[`${key}Dot`]
          expect(Math.abs(numeric - written)).toBeLessThan(1e-4 * Math.max(1, Math.abs(written)))
        }
      }),
    )
  })

  it('has the ends its derivatives are finite at (one-sided differences)', () => {
    for (const [t, h] of [
      [schedule.tMin, 1e-6],
      [schedule.tMax, -1e-6],
    ] as const) {
      const [here, next, after] = [schedule.at(t), schedule.at(t + h), schedule.at(t + 2 * h)]
      for (const key of ['alpha', 'beta'] as const) {
        const numeric = (-3 * here[key] + 4 * next[key] - after[key]) / (2 * h)
        const written = here[`${key}Dot`]
        expect(Math.abs(numeric - written)).toBeLessThan(1e-4 * Math.max(1, Math.abs(written)))
      }
    }
  })

  it('has a log signal-to-noise ratio that rises, and its inverse', () => {
    fc.assert(
      fc.property(inside, (t) => {
        const ratio = logSnr(schedule, t)
        expect(logSnr(schedule, t + 5e-4)).toBeGreaterThan(ratio)
        expect(timeOfLogSnr(schedule, ratio)).toBeCloseTo(t, 9)
      }),
    )
    const beyond = logSnr(schedule, schedule.tMax) + 1
    if (Number.isFinite(beyond)) expect(() => timeOfLogSnr(schedule, beyond)).toThrow('log-SNR: expected a value in')
  })

  it('gives tensors the float32 values of its numbers, near t = 1 too', () => {
    const near = [1e-2, 1e-3, 1e-4].map((gap) => Math.fround(schedule.tMax - gap))
    // a warp composes in float32: near t = 1 its β has the digits that 1 − w(s) has left
    const times = [...(schedule === eased ? [] : near), Math.fround(0.31), Math.fround(0.77)]
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
        const once = tf.tidy(() =>
          convertPrediction({
            schedule,
            from,
            to,
            value: tf.tensor2d([values[from]]),
            x: tf.tensor2d([x]),
            t,
          }).dataSync(),
        )
        for (const [j, v] of out.entries()) expect(once[j]!).toBeCloseTo(v, 3)
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

describe('vpDiscrete', () => {
  it('is the DDPM product of rates on its grid; SDAC starts at α = .19', () => {
    const { rates, grid } = ddpm
    let product = 1
    for (const [n, rate] of rates.entries()) {
      product *= 1 - rate
      expect(ddpm.at(grid.at(-2 - n)!).alpha).toBeCloseTo(Math.sqrt(product), 10)
    }
    expect(ddpm.at(0).alpha).toBeCloseTo(0.19, 2)
    expect(() => vpDiscrete({ rates: [0.1, 1] })).toThrow('vpDiscrete.rates.1: expected a rate in (0, 1), received 1')
  })

  it('approaches the continuous schedule whose rates it integrates, at every grid point', () => {
    const continuous = vpLinear({ b0: 0.1, b1: 10 })
    const discrete = vpDiscrete({ rates: integratedRates({ steps: 5, b0: 0.1, b1: 10 }) })
    for (const t of discrete.grid.slice(0, -1)) expect(discrete.at(t).alpha).toBeCloseTo(continuous.at(t).alpha, 12)
  })
})

describe('singular conversions', () => {
  const convert = (schedule: Schedule, from: Prediction, to: Prediction, t: number) => () =>
    tf.tidy(() => {
      const value = tf.tensor2d([[1]])
      return convertPrediction({ schedule, from, to, value, x: value, t }).dataSync()[0]!
    })
  it('are named, and what stays regular at the ends is right', () => {
    expect(convert(linearFlow(), 'noise', 'velocity', 0)).toThrow(
      'linear-flow: noise to velocity: expected a time with α ≠ 0, received t = 0',
    )
    expect(convert(linearFlow(), 'data', 'noise', 1)).toThrow('β ≠ 0')
    expect(convert(veGeometric({ sigmaMin: 1, sigmaMax: 1 }), 'velocity', 'noise', 0.5)).toThrow("αβ' − βα' ≠ 0")
    expect(convert(linearFlow(), 'data', 'velocity', 0)()).toBe(0) // (x1 − x)/(1 − t)
    expect(convert(linearFlow(), 'noise', 'velocity', 1)()).toBe(0) // (x − x0)/t
    expect(convert(linearFlow(), 'velocity', 'data', 0)()).toBe(2) // x + v
  })

  it('refuse deviations that would rise towards the data', () => {
    expect(() => veGeometric({ sigmaMin: 1, sigmaMax: 0.1 })).toThrow(
      'veGeometric.sigmaMax: expected at least sigmaMin, received 0.1',
    )
  })

  it('refuse scores of sources that have no closed form', () => {
    const value = tf.tensor2d([[1]])
    const input = { schedule: linearFlow(), from: 'noise', to: 'score', value, x: value, t: 0.5 } as const
    expect(() => convertPrediction({ ...input, source: laplace({ dim: 1 }) })).toThrow('expected a Gaussian source')
    expect(() => sourceScore(uniformBox({ dim: 1 }), value)).toThrow('expected a source with a score')
    value.dispose()
  })
})

const laws = [
  gaussian({ dim: 1, mean: 1, scale: 2 }),
  laplace({ dim: 1, mean: -0.5, scale: 0.7 }),
  studentT({ dim: 1, dof: 3, mean: 0.2, scale: 0.5 }),
  studentT({ dim: 1, dof: 8 }),
  uniformBox({ dim: 1, low: -2, high: 3 }),
  gaussianMixture([
    { weight: 1, mean: [-2], scale: 0.5 },
    { weight: 3, mean: [1], scale: 1 },
  ]),
  veGeometric({ sigmaMax: 5 }).start(laplace({ dim: 1 })),
  veGeometric({ sigmaMax: 5 }).start(gaussian({ dim: 1 })),
].map((source, i) => [`${i} ${source.name}`, source] as const)

describe.each(laws)('source %s', (_, source) => {
  const [LOW, HIGH, CELLS] = [-300, 300, 600_000]
  const width = (HIGH - LOW) / CELLS
  const centres = () =>
    tf.tensor2d(
      Float32Array.from({ length: CELLS }, (__, i) => LOW + (i + 0.5) * width),
      [CELLS, 1],
    )
  const density = () => tf.tidy(() => tf.exp(source.logProb(centres())).dataSync<'float32'>())

  it('draws what its density says (Kolmogorov–Smirnov, p = 1e-4)', () => {
    const n = 20_000
    const cdf = new Float64Array(CELLS)
    let sum = 0
    for (const [i, p] of density().entries()) {
      sum += p * width
      cdf[i] = sum
    }
    expect(sum).toBeCloseTo(1, 3)
    const draws = source.draw(createRng(11), n).sort()
    const distance = Math.max(
      ...Array.from(draws, (x, i) => {
        const at = cdf[Math.min(Math.max(Math.floor((x - LOW) / width), 0), CELLS - 1)]!
        return Math.abs(at - (i + 0.5) / n)
      }),
    )
    expect(Math.sqrt(n) * distance).toBeLessThan(2.23) // Kolmogorov's law: 2 e^(−2 · 2.23²) = 1e-4
  })

  it('has the score of its density (finite differences)', () => {
    const { score } = source
    if (!score) {
      expect(source.name).toBe('uniform-box')
      return
    }
    const h = 1e-2
    const points = [-3.3, -1.27, 0.11, 0.83, 2.6]
    const [written, above, below] = tf.tidy(() => {
      const x = tf.tensor2d(points, [5, 1])
      return [score(x), source.logProb(tf.add(x, h)), source.logProb(tf.sub(x, h))].map((t) => t.dataSync())
    }) as unknown as Float32Array[]
    for (const i of points.keys()) expect(written![i]).toBeCloseTo((above![i]! - below![i]!) / (2 * h), 2)
  })
})

describe('sources', () => {
  it('in more dimensions are products or mixtures over rows, and refuse bad laws', () => {
    const rows = tf.tensor2d([
      [0.3, -1],
      [2, 0.4],
    ])
    for (const make of [gaussian, laplace, uniformBox, (o: { dim: number }) => studentT({ dof: 2, ...o })]) {
      const [joint, single] = tf.tidy(() => [
        make({ dim: 2 }).logProb(rows).dataSync(),
        tf.sum(make({ dim: 1 }).logProb(tf.reshape(rows, [2, 2, 1])), -1).dataSync(),
      ])
      for (const i of [0, 1]) expect(joint![i]).toBeCloseTo(single![i]!, 5)
    }
    rows.dispose()
    expect(() => gaussian({ dim: 0 })).toThrow('expected dim > 0, an integer, received 0')
    expect(() => laplace({ dim: 1, scale: -1 })).toThrow('expected scale > 0, received -1')
    expect(() => studentT({ dim: 1, dof: 0 })).toThrow('expected dof > 0')
    expect(() => uniformBox({ dim: 1, low: 1, high: 1 })).toThrow('high − low')
    expect(() => gaussianMixture([])).toThrow('expected dim > 0')
  })

  it('are coupled independently unless said otherwise', () => {
    const coupling = independentCoupling(gaussian({ dim: 2 }), uniformBox({ dim: 2 }))
    const { x0, x1 } = coupling.draw(createRng(1), 5000)
    expect(x0).toHaveLength(10_000)
    const correlation = x0.reduce((sum, v, i) => sum + v * x1[i]!, 0) / x0.length / Math.sqrt(1 / 3)
    expect(Math.abs(correlation)).toBeLessThan(4 / Math.sqrt(x0.length))
  })
})
