import { createRng, drawNoise, fillSobol, SOBOL_DIMENSIONS } from '@revflow/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const net = (n: number, d: number, seed = 1) => fillSobol(createRng(seed), new Float64Array(n * d), n, d)
const column = (points: Float64Array, d: number, j: number) => points.filter((_, i) => i % d === j)

describe('fillSobol', () => {
  it('puts one point of 2^m into each of 2^m equal slices of every coordinate', () => {
    fc.assert(
      fc.property(fc.nat(7), fc.integer({ min: 1, max: SOBOL_DIMENSIONS }), fc.nat(), (m, d, seed) => {
        const n = 2 ** m
        const points = net(n, d, seed)
        for (let j = 0; j < d; j++)
          expect(new Set(Array.from(column(points, d, j), (u) => Math.floor(u * n))).size).toBe(n)
      }),
      { numRuns: 50 },
    )
  })

  it('is a (0, m, 2)-net in its first two coordinates: every dyadic box of area 1/n holds one point', () => {
    const n = 64
    const points = net(n, 2, 3)
    for (let rows = 1; rows <= n; rows *= 2) {
      const boxes = new Set<number>()
      for (let k = 0; k < n; k++)
        boxes.add(Math.floor(points[2 * k]! * rows) * n + Math.floor((points[2 * k + 1]! * n) / rows))
      expect(boxes.size).toBe(n)
    }
  })

  it('has the sequence of Joe and Kuo: pairs of points differ as those of scipy 1.17.1 (qmc.Sobol, scramble=False)', () => {
    // Owen scrambling keeps the number of leading bits that two points of a coordinate share; scipy counts in Gray code.
    const gray = (k: number) => k ^ (k >>> 1)
    const expected: Record<number, readonly number[]> = {
      2: [0, 0.5, 0.25, 0.75, 0.625, 0.125, 0.875, 0.375],
      5: [0, 0.5, 0.75, 0.25, 0.125, 0.625, 0.875, 0.375],
      40: [0, 0.5, 0.25, 0.75, 0.875, 0.375, 0.625, 0.125],
    }
    const sharedBits = (a: number, b: number) => Math.clz32((Math.floor(a * 2 ** 32) ^ Math.floor(b * 2 ** 32)) >>> 0)
    for (const [dimension, golden] of Object.entries(expected)) {
      const own = column(net(8, SOBOL_DIMENSIONS, 5), SOBOL_DIMENSIONS, Number(dimension))
      for (let a = 0; a < 8; a++)
        for (let b = 0; b < a; b++)
          expect(sharedBits(own[gray(a)]!, own[gray(b)]!)).toBe(sharedBits(golden[a]!, golden[b]!))
    }
  })

  it('draws each point uniformly: means and variances over scramblings within 4.5 standard errors', () => {
    const [repetitions, n, d] = [4000, 8, 3]
    const points = fillSobol(createRng(7), new Float64Array(repetitions * n * d), n, d)
    for (let i = 0; i < n * d; i++) {
      const values = points.filter((_, index) => index % (n * d) === i)
      const mean = values.reduce((a, b) => a + b, 0) / repetitions
      const square = values.reduce((a, b) => a + (b - 0.5) ** 2, 0) / repetitions
      expect(Math.abs(mean - 0.5)).toBeLessThan(4.5 * Math.sqrt(1 / 12 / repetitions))
      expect(Math.abs(square - 1 / 12)).toBeLessThan(4.5 * Math.sqrt(1 / 180 / repetitions))
    }
  })

  it('integrates a smooth function with a tenth of the variance of as many independent points', () => {
    const f = (u: ArrayLike<number>, k: number) => Math.exp(u[3 * k]! + 0.5 * u[3 * k + 1]! * u[3 * k + 2]!)
    const spread = (draw: (seed: number) => Float64Array) => {
      const means = Array.from({ length: 200 }, (_, seed) => {
        const points = draw(seed)
        return Array.from({ length: 32 }, (_, k) => f(points, k)).reduce((a, b) => a + b, 0) / 32
      })
      const mean = means.reduce((a, b) => a + b, 0) / means.length
      return means.reduce((a, b) => a + (b - mean) ** 2, 0) / means.length
    }
    expect(spread((seed) => net(32, 3, seed))).toBeLessThan(
      0.1 * spread((seed) => createRng(seed).fillUniform(new Float64Array(96))),
    )
  })

  it('goes past its dimensions with plain uniforms, and serves noise by its last two axes', () => {
    const wide = net(4, SOBOL_DIMENSIONS + 2)
    expect(wide.every((u) => u > 0 && u < 1)).toBe(true)
    const noise = drawNoise(createRng(1), { shape: [2, 8, 3], law: 'sobol' })
    for (const block of [noise.subarray(0, 24), noise.subarray(24)])
      expect(
        new Set(
          Array.from(
            block.filter((_, i) => i % 3 === 1),
            (u) => Math.floor(u * 8),
          ),
        ).size,
      ).toBe(8)
    expect(noise.subarray(0, 24)).not.toEqual(noise.subarray(24))
  })
})
