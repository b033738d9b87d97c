import { parseOptions } from '@revflow/core'
import { z } from 'zod'
import { type Arithmetic, type Coefficients, defineSchedule, type Schedule } from './schedule.ts'

const linearOptions = z.strictObject({
  /** Noise rate at τ = 0 and τ = 1. */
  b0: z.number().positive().default(0.1),
  b1: z.number().positive().default(20),
  tMin: z.number().default(0),
  tMax: z.number().default(0.999),
})
const cosineOptions = z.strictObject({ tMin: z.number().default(0.0054), tMax: z.number().default(0.999) })

/** Variance preserving with a noise rate linear in τ = 1 − t, from b0 to b1: α = e^(−I/2), β = √(1 − e^(−I)). */
export function vpLinear(options: z.input<typeof linearOptions> = {}): Schedule {
  const { b0, b1, tMin, tMax } = parseOptions(linearOptions, options, 'vpLinear')
  return defineSchedule({
    name: 'vp-linear',
    tMin,
    tMax,
    coefficients<T>(t: T, m: Arithmetic<T>): Coefficients<T> {
      const tau = m.sub(1, t)
      const integral = m.mul(tau, m.add(m.mul(tau, (b1 - b0) / 2), b0))
      const rate = m.add(m.mul(tau, b1 - b0), b0)
      const alpha = m.exp(m.mul(integral, -0.5))
      const beta = m.sqrt(m.mul(m.expm1(m.mul(integral, -1)), -1))
      const alphaDot = m.mul(m.mul(alpha, rate), 0.5)
      return { alpha, beta, alphaDot, betaDot: m.mul(m.div(m.mul(alpha, alphaDot), beta), -1) }
    },
  })
}

const OFFSET = 0.008

/** Variance preserving, cosine: α = cos θ/cos θ₀, θ = (τ + .008)/1.008 · π/2, τ = 1 − t; the schedule of QNE's reference. */
export function vpCosine(options: z.input<typeof cosineOptions> = {}): Schedule {
  const scale = Math.PI / 2 / (1 + OFFSET)
  const theta0 = OFFSET * scale
  const cos0 = Math.cos(theta0)
  return defineSchedule({
    name: 'vp-cosine',
    ...parseOptions(cosineOptions, options, 'vpCosine'),
    coefficients<T>(t: T, m: Arithmetic<T>): Coefficients<T> {
      // cos θ = sin(π/2 − θ) = sin(scale · t): exactly 0 at t = 0
      const alpha = m.div(m.sin(m.mul(t, scale)), cos0)
      const above = m.mul(m.sub(1, t), scale) // θ − θ₀
      const beta = m.div(m.sqrt(m.mul(m.sin(above), m.sin(m.add(above, 2 * theta0)))), cos0)
      // α' = sin θ · scale/cos θ₀, from θ itself: cos(scale·t) would lose its digits near t = 1
      const alphaDot = m.mul(m.sin(m.add(above, theta0)), scale / cos0)
      return { alpha, beta, alphaDot, betaDot: m.mul(m.div(m.mul(alpha, alphaDot), beta), -1) }
    },
  })
}
