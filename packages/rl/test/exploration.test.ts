import { createRng } from '@revflow/core'
import { describe, expect, it } from 'vitest'
import { createPinkNoise, restorePinkNoise } from '../src/index.ts'

/** n decisions of one number each. */
const series = (n: number, draw: 'normal' | 'uniform', seed = 0) => {
  const noise = createPinkNoise(createRng(seed))
  return Float64Array.from({ length: n }, () => noise.decision()[draw]())
}
const mean = (x: ArrayLike<number>) => Array.from(x).reduce((a, b) => a + b, 0) / x.length

describe('pink noise', () => {
  it('has the law of its generator in each decision', () => {
    // first decisions of independent noises: independent draws; Kolmogorov–Smirnov at p = 0.001
    const n = 4000
    const first = Float64Array.from({ length: n }, (_, seed) => createPinkNoise(createRng(seed)).decision().uniform())
    const late = Float64Array.from({ length: n }, (_, seed) => {
      const noise = createPinkNoise(createRng(seed))
      for (let i = 0; i < 5; i++) noise.decision().normal()
      return noise.decision().uniform()
    })
    for (const sample of [first, late]) {
      const distance = Math.max(
        ...sample.sort().map((u, i) => Math.max(Math.abs(u - i / n), Math.abs(u - (i + 1) / n))),
      )
      expect(distance).toBeLessThan(1.95 / Math.sqrt(n))
    }
  })

  it('is correlated between decisions as its page says, and between numbers not at all', () => {
    const n = 2000
    const [lags, rhos] = [
      [1, 10, 100],
      [0, 3 / 4, 15 / 16, 63 / 64, 255 / 256],
    ]
    const sums = lags.map(() => 0)
    let between = 0
    for (let seed = 0; seed < n; seed++) {
      const noise = createPinkNoise(createRng(seed))
      const draw = () => noise.decision().fillNormal(new Float64Array(2))
      const path = Array.from({ length: 101 }, draw)
      for (const [i, lag] of lags.entries()) sums[i]! += (path[0]![0]! * path[lag]![0]!) / n
      between += (path[100]![0]! * path[100]![1]!) / n
    }
    // standard error of a correlation, at most √(2/n) = .032: four of them
    for (const [i, lag] of lags.entries())
      expect(Math.abs(sums[i]! - mean(rhos.map((rho) => rho ** lag)))).toBeLessThan(0.127)
    expect(Math.abs(between)).toBeLessThan(0.127)
  })

  it('has power that falls as 1/f', () => {
    const [n, paths] = [512, 64]
    const power = (cycles: number) =>
      mean(
        Array.from({ length: paths }, (_, seed) => {
          const x = series(n, 'normal', seed)
          let [re, im] = [0, 0]
          for (const [i, value] of x.entries()) {
            re += value * Math.cos((2 * Math.PI * cycles * i) / n)
            im += value * Math.sin((2 * Math.PI * cycles * i) / n)
          }
          return re * re + im * im
        }),
      )
    const slope = Math.log(power(64) / power(4)) / Math.log(64 / 4)
    expect(slope).toBeGreaterThan(-1.3)
    expect(slope).toBeLessThan(-0.7)
  })

  it('fills as its numbers come, and goes on from a snapshot bit for bit', () => {
    const [a, b] = [createPinkNoise(createRng(3)), createPinkNoise(createRng(3))]
    const filled = a.decision().fillUniform(new Float64Array(3), -1, 1)
    const single = b.decision()
    expect([...filled]).toEqual([0, 1, 2].map(() => -1 + 2 * single.uniform()))
    const restored = restorePinkNoise(JSON.parse(JSON.stringify(a.state())))
    expect(restored.decision().fillNormal(new Float64Array(5))).toEqual(a.decision().fillNormal(new Float64Array(5)))
    expect(() => restorePinkNoise({ ...a.state(), processes: [[1]] })).toThrow()
  })
})
