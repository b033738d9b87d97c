import { createRng } from '@revflow/core'
import * as tf from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import { centredParticles } from '../src/energies/particles.ts'
import { histogram } from '../src/metrics/histogram.ts'
import { interatomicDistances, positions } from '../src/metrics/particles.ts'
import { euclidean, upToSymmetry, wasserstein2, wasserstein2OfNumbers } from '../src/metrics/wasserstein.ts'
import { fromWeights, logSumExp } from '../src/metrics/weights.ts'

await tf.setBackend('cpu')
const normals = (n: number, seed: number, scale = 1) => createRng(seed).fillNormal(new Float32Array(n), scale)

describe('2-Wasserstein distances', () => {
  it('are the least over all assignments', () => {
    const [a, b] = [normals(10, 1), normals(10, 2)]
    const cost = euclidean(a, b, 2)
    const orders = (list: number[]): number[][] =>
      list.length === 0 ? [[]] : list.flatMap((v) => orders(list.filter((w) => w !== v)).map((rest) => [v, ...rest]))
    const least = Math.min(
      ...orders([0, 1, 2, 3, 4]).map((order) => order.reduce((sum, j, i) => sum + cost(i, j), 0) / 5),
    )
    expect(wasserstein2(5, cost)).toBeCloseTo(Math.sqrt(least), 6)
  })

  it('of numbers are those of an assignment, and of two normals √(Δmean² + Δdeviation²)', () => {
    const [a, b] = [normals(40, 3), normals(40, 4)]
    expect(wasserstein2OfNumbers(a, b)).toBeCloseTo(wasserstein2(40, euclidean(a, b, 1)), 6)
    const shifted = normals(20_000, 5, 2).map((v) => v + 3)
    expect(wasserstein2OfNumbers(normals(20_000, 6), shifted)).toBeCloseTo(Math.sqrt(10), 1)
    expect(wasserstein2OfNumbers([1, 2], [1, 1, 2, 2])).toBe(0)
  })

  it('up to symmetry are zero between configurations that are rotated, mirrored and exchanged', () => {
    const x = normals(8, 7)
    const [c, s] = [Math.cos(2.1), Math.sin(2.1)]
    const turned = new Float32Array(8)
    for (const [i, p] of [2, 0, 3, 1].entries()) {
      turned[2 * i] = c * x[2 * p]! + s * x[2 * p + 1]! // a rotation after a reflection
      turned[2 * i + 1] = s * x[2 * p]! - c * x[2 * p + 1]!
    }
    expect(upToSymmetry(x, turned, 4)(0, 0)).toBeCloseTo(0, 5)
    // two particles in the plane at distances 2 and 3: the distances' difference is all that is left
    const [near, far] = [new Float32Array([-1, 0, 1, 0]), new Float32Array([0, 1.5, 0, -1.5])]
    expect(upToSymmetry(near, far, 2)(0, 0)).toBeCloseTo(2 * 0.25, 6)
  })
})

describe('importance weights', () => {
  it('give the effective samples and log Z of one Gaussian for another', () => {
    // q = N(0, 1), p̃ = 3 N(m, 1): E w = 3, E w² = 9 e^{m²}
    const m = 0.5
    const logWeights = normals(200_000, 8).map((x) => Math.log(3) + m * x - (m * m) / 2)
    const { ess, logZ } = fromWeights(logWeights)
    expect(ess).toBeCloseTo(Math.exp(-m * m), 2)
    expect(logZ).toBeCloseTo(Math.log(3), 2)
  })

  it('never overflow', () => {
    expect(logSumExp([1e5, 1e5])).toBeCloseTo(1e5 + Math.log(2), 6)
    expect(fromWeights([1e5, -1e5]).ess).toBeCloseTo(0.5, 6)
  })
})

it('a histogram is a density over its range, and counts what is outside', () => {
  const { density, outside } = histogram([0.1, 0.2, 0.6, 2], { low: 0, high: 1, bins: 2 })
  expect(density).toEqual([1, 0.5])
  expect(outside).toBe(0.25)
})

it('positions and distances of particles come of their coordinates', () => {
  const particles = centredParticles(3, 2)
  const y = normals(8, 9)
  const x = positions(particles, y)
  const expected = tf.matMul(tf.tensor2d(y, [2, 4]), particles.basis).dataSync()
  for (const [i, value] of x.entries()) expect(value).toBeCloseTo(expected[i]!, 5)
  const far = interatomicDistances(particles, x)
  expect(far).toHaveLength(6)
  expect(far[1]).toBeCloseTo(Math.hypot(x[0]! - x[4]!, x[1]! - x[5]!), 5)
})
