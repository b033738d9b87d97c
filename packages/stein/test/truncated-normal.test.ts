import { createRng } from '@revflow/core'
import { logNormalCdf, truncatedNormal } from '@revflow/stein'
import * as tf from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'

/** log Φ(x) in double precision: continued fraction of the Mills ratio in the tail, a series near zero. */
function logCdf(x: number): number {
  if (x > 0) return Math.log1p(-Math.exp(logCdf(-x)))
  const density = -0.5 * x * x - 0.5 * Math.log(2 * Math.PI)
  if (x > -3) {
    // Φ(x) = ½ + φ(x)(x + x³/3 + x⁵/15 + …)
    let term = x
    let sum = x
    for (let k = 1; k < 80; k++) {
      term *= (x * x) / (2 * k + 1)
      sum += term
    }
    return Math.log(0.5 + Math.exp(density) * sum)
  }
  let fraction = -x
  for (let k = 400; k > 0; k--) fraction = -x + k / fraction
  return density - Math.log(fraction)
}

const N = 20_000

/** Kolmogorov–Smirnov distance from the truncated law; critical value at p = 1e-3. */
function distance(sample: Float32Array, low: number, high: number): number {
  const mirrored = low + high > 0
  const [a, b] = mirrored ? [-high, -low] : [low, high]
  const z = Float64Array.from(sample, (v) => (mirrored ? -v : v)).sort()
  const [logA, logB] = [logCdf(a), logCdf(b)]
  const cdf = (v: number) => (Math.exp(logCdf(v) - logB) - Math.exp(logA - logB)) / -Math.expm1(logA - logB)
  return z.reduce((worst, v, i) => Math.max(worst, Math.abs(cdf(v) - i / N), Math.abs(cdf(v) - (i + 1) / N)), 0)
}

describe('truncatedNormal', () => {
  const intervals = [
    [-1, 1],
    [-20, 20],
    [3, 41],
    [-41, -3],
    [38, 40],
    [-1e-3, 1e-3],
    [-0.2, 5],
    [12, 12.1],
    [-300, -299],
  ] as const
  it.each(intervals)('has the law of a normal on [%d, %d] (Kolmogorov–Smirnov, p = 1e-3)', (low, high) => {
    const uniforms = createRng(3).fillUniform(new Float32Array(N))
    const sample = tf.tidy(() =>
      truncatedNormal(tf.tensor3d(uniforms, [1, N, 1]), tf.tensor3d([[[low]]]), tf.tensor3d([[[high]]])).dataSync(),
    ) as Float32Array
    expect(sample.every((z) => z >= Math.fround(low) && z <= Math.fround(high))).toBe(true)
    expect(distance(sample, low, high)).toBeLessThan(1.949 / Math.sqrt(N))
  })

  it('stays in its interval at the ends of the uniform', () => {
    const ends = tf.tidy(() =>
      truncatedNormal(tf.tensor3d([0, 1], [1, 2, 1]), tf.tensor3d([[[-2]]]), tf.tensor3d([[[0.5]]])).dataSync(),
    )
    expect(ends[0]).toBeCloseTo(-2, 4)
    expect(ends[1]).toBeCloseTo(0.5, 4)
  })

  it('inverts Φ to float32 from the deep tail up', () => {
    // the whole line below zero: the draw at u is the x with log Φ(x) = log ½ + log u
    const exact = [-12, -8, -5, -3, -2, -1, -0.5, -0.35, -0.2, -0.05]
    const uniforms = exact.map((x) => 2 * Math.exp(logCdf(x)))
    const draws = tf.tidy(() =>
      truncatedNormal(tf.tensor3d(uniforms, [1, 10, 1]), tf.tensor3d([[[-300]]]), tf.tensor3d([[[0]]])).dataSync(),
    )
    for (const [i, x] of exact.entries()) expect(Math.abs(draws[i]! - x) / Math.max(1, -x)).toBeLessThan(1e-6)
  })

  it('takes log Φ with float32 relative precision from the deep tail up', () => {
    const x = [-60, -20, -5, -1, -0.1, 0, 0.1, 1, 3, 5]
    const ours = tf.tidy(() => logNormalCdf(tf.tensor1d(x)).dataSync())
    for (const [i, v] of x.entries()) expect(Math.abs(ours[i]! / logCdf(v) - 1)).toBeLessThan(2e-6)
  })
})
