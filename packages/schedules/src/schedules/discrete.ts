import { RevflowError } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'
import { scaledSource } from '../sources/scaled.ts'
import type { Coefficients, Schedule } from './schedule.ts'

/** A variance-preserving schedule on a grid (DDPM): what ancestral sampling needs besides. */
export interface DiscreteSchedule extends Schedule {
  /** b_n, n = 1 … N from data to noise, each in (0, 1). */
  readonly rates: readonly number[]
  /** Times of the grid, from noise to data: t_n = 1 − n/N for n = N … 0. */
  readonly grid: readonly number[]
}

/**
 * Variance preserving, discrete: α at t = 1 − n/N is √∏(1 − b_i), i ≤ n, and β = √(1 − α²). Between grid points the
 * noise rate is constant, so α² = e^(−I) with I piecewise linear in t.
 * @param rates b_n, n = 1 … N
 * @throws RevflowError (`invalid-option`) unless every rate lies in (0, 1)
 */
export function vpDiscrete({ rates }: { readonly rates: readonly number[] }): DiscreteSchedule {
  const steps = rates.length
  const bad = rates.findIndex((b) => !(b > 0 && b < 1))
  if (steps === 0 || bad >= 0)
    throw new RevflowError({
      code: 'invalid-option',
      path: bad < 0 ? 'vpDiscrete.rates' : `vpDiscrete.rates.${bad}`,
      expected: bad < 0 ? 'at least one rate' : 'a rate in (0, 1)',
      received: bad < 0 ? 'none' : String(rates[bad]),
    })
  /** I at the grid's points n = 0 … N, and its slope in τ between them. */
  const increments = rates.map((b) => -Math.log1p(-b))
  const integrals = [0]
  for (const c of increments) integrals.push(integrals.at(-1)! + c)
  const coefficients = (integral: number, rate: number) => {
    const alpha = Math.exp(-integral / 2)
    const beta = Math.sqrt(-Math.expm1(-integral))
    return { alpha, beta, alphaDot: (alpha * rate) / 2, betaDot: (-alpha * alpha * rate) / (2 * beta) }
  }
  const [tMin, tMax] = [0, 1 - 1 / steps]
  const start = coefficients(integrals[steps]!, 0).beta
  return {
    name: 'vp-discrete',
    tMin,
    tMax,
    rates,
    grid: Array.from({ length: steps + 1 }, (_, i) => i / steps),
    start: (source) => scaledSource(source, start),
    at(t) {
      const n = (1 - t) * steps
      const cell = Math.min(Math.max(Math.floor(n), 0), steps - 1)
      const result = coefficients(integrals[cell]! + (n - cell) * increments[cell]!, steps * increments[cell]!)
      if (Number.isFinite(result.betaDot)) return result
      throw new RevflowError({
        code: 'singular-schedule',
        path: 'vp-discrete.betaDot',
        expected: 'a time where it is finite',
        received: `t = ${t}`,
      })
    },
    atTensor: (t) =>
      tf.tidy(() => {
        const n = tf.mul(tf.sub(1, t), steps)
        const cell = tf.clipByValue(tf.floor(n), 0, steps - 1)
        const increment = tf.gather(tf.tensor1d(increments), tf.cast(cell, 'int32'))
        const before = tf.gather(tf.tensor1d(integrals.slice(0, -1)), tf.cast(cell, 'int32'))
        const integral = tf.add(before, tf.mul(tf.sub(n, cell), increment))
        const alpha = tf.exp(tf.mul(-0.5, integral))
        const beta = tf.sqrt(tf.neg(tf.expm1(tf.neg(integral))))
        const alphaDot = tf.mul(alpha, tf.mul(increment, steps / 2))
        return { alpha, beta, alphaDot, betaDot: tf.neg(tf.div(tf.mul(alpha, alphaDot), beta)) }
      }) as Coefficients<tf.Tensor1D>,
  }
}

/** N rates from `first` to `last` in equal steps, times `scale`. SDAC: 20 from 1e-4 to .999, scale .3. */
export function linearRates(options: { steps: number; first: number; last: number; scale?: number }): number[] {
  const { steps, first, last, scale = 1 } = options
  return Array.from({ length: steps }, (_, i) => scale * (first + ((last - first) * i) / Math.max(1, steps - 1)))
}

/** The rates that put `vpLinear({ b0, b1 })` on a grid of N steps: b_n = 1 − e^(−ΔI). QSM: 5 steps, b0 = .1, b1 = 10. */
export function integratedRates({ steps, b0, b1 }: { steps: number; b0: number; b1: number }): number[] {
  const integral = (tau: number) => tau * (b0 + ((b1 - b0) * tau) / 2)
  return Array.from({ length: steps }, (_, i) => -Math.expm1(integral(i / steps) - integral((i + 1) / steps)))
}
