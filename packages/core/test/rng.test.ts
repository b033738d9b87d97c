import { createRng, restoreRng } from '@revflow/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

/** Kolmogorov–Smirnov distance of a sample from a distribution function. */
function ksDistance(sample: Float64Array, cdf: (x: number) => number): number {
  const sorted = sample.slice().sort()
  return sorted.reduce((worst, x, i) => {
    const p = cdf(x)
    return Math.max(worst, Math.abs(p - i / sorted.length), Math.abs(p - (i + 1) / sorted.length))
  }, 0)
}
/** Critical distance at p = 1e-3 (asymptotic). */
const ksCritical = (n: number) => 1.949 / Math.sqrt(n)

describe('createRng', () => {
  it('continues bit for bit from a snapshot, also between the two normals of a pair', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.nat(20), (seed, skipped) => {
        const rng = createRng(seed)
        for (let i = 0; i < skipped; i++) rng.normal()
        const twin = restoreRng(JSON.parse(JSON.stringify(rng.state())))
        expect(twin.fillNormal(new Float64Array(9))).toEqual(rng.fillNormal(new Float64Array(9)))
        expect(twin.integer(1000)).toBe(rng.integer(1000))
        expect(twin.state()).toEqual(rng.state())
      }),
    )
  })

  it('draws uniforms and normals of the right law (Kolmogorov–Smirnov, p = 1e-3)', () => {
    const n = 100_000
    expect(ksDistance(createRng(1).fillUniform(new Float64Array(n)), (x) => x)).toBeLessThan(ksCritical(n))
    const halves = createRng(2).fillNormal(new Float64Array(n))
    // The square of a normal has a distribution function that needs no error function at its quartiles; test the law
    // of u = exp(−(z₁² + z₂²)/2) instead, which is uniform.
    const radii = new Float64Array(n / 2).map((_, i) => Math.exp(-(halves[2 * i]! ** 2 + halves[2 * i + 1]! ** 2) / 2))
    expect(ksDistance(radii, (x) => x)).toBeLessThan(ksCritical(n / 2))
    const angles = new Float64Array(n / 2).map(
      (_, i) => Math.atan2(halves[2 * i + 1]!, halves[2 * i]!) / (2 * Math.PI) + 0.5,
    )
    expect(ksDistance(angles, (x) => x)).toBeLessThan(ksCritical(n / 2))
  })

  it('gives independent streams by seed, by name and by split', () => {
    const base = createRng(5, 'noise')
    const child = base.split()
    const others = [createRng(6, 'noise'), createRng(5, 'env'), base, child]
    const reference = createRng(5, 'noise').fillUniform(new Float64Array(20_000), -0.5, 0.5)
    for (const other of others) {
      const sample = other.fillUniform(new Float64Array(20_000), -0.5, 0.5)
      const correlation = sample.reduce((sum, v, i) => sum + v * reference[i]!, 0) * (12 / 20_000)
      if (other !== base) expect(Math.abs(correlation)).toBeLessThan(3.9 / Math.sqrt(20_000)) // p = 1e-4
    }
  })

  it('draws integers over the whole range and names bad arguments', () => {
    const rng = createRng(0)
    const seen = new Set(Array.from({ length: 500 }, () => rng.integer(7)))
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(() => rng.integer(0)).toThrow('n: expected 1 … 2^32, received 0')
    expect(() => createRng(0.5)).toThrow('seed: expected an integer, received 0.5')
    expect(() => restoreRng({ xoroshiro128plus: [1, 2], spareNormal: null })).toThrow()
  })
})
