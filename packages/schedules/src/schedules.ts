import { parseOptions } from '@revflow/core'
import { z } from 'zod'
import { type Arithmetic, type Coefficients, defineSchedule, type Schedule } from './schedule.ts'

const interval = (tMin: number, tMax: number) =>
  z.strictObject({ tMin: z.number().default(tMin), tMax: z.number().default(tMax) })

const flowOptions = interval(0, 1)
const vpCosineOptions = interval(0.0054, 0.999)
const vpLinearOptions = z.strictObject({
  /** Noise rate at τ = 0 and τ = 1. */
  b0: z.number().positive().default(0.1),
  b1: z.number().positive().default(20),
  tMin: z.number().default(0),
  tMax: z.number().default(0.999),
})
const veOptions = z.strictObject({
  sigmaMin: z.number().positive().default(1e-5),
  sigmaMax: z.number().positive().default(1),
  tMin: z.number().default(0),
  tMax: z.number().default(1),
})

/** Linear flow (optimal transport): α = t, β = 1 − t. The paper's choice for reinforcement learning. */
export function linearFlow(options: z.input<typeof flowOptions> = {}): Schedule {
  return defineSchedule({
    name: 'linear-flow',
    ...parseOptions(flowOptions, options, 'linearFlow'),
    coefficients: <T>(t: T, m: Arithmetic<T>) => ({
      alpha: m.mul(t, 1),
      beta: m.sub(1, t),
      alphaDot: m.add(m.mul(t, 0), 1),
      betaDot: m.sub(m.mul(t, 0), 1),
    }),
  })
}

/** Cosine flow: α = sin(πt/2), β = cos(πt/2). */
export function cosineFlow(options: z.input<typeof flowOptions> = {}): Schedule {
  return defineSchedule({
    name: 'cosine-flow',
    ...parseOptions(flowOptions, options, 'cosineFlow'),
    coefficients<T>(t: T, m: Arithmetic<T>) {
      const alpha = m.sin(m.mul(t, Math.PI / 2))
      // cos(πt/2) = sin(π(1−t)/2) keeps its digits near t = 1
      const beta = m.sin(m.mul(m.sub(1, t), Math.PI / 2))
      return { alpha, beta, alphaDot: m.mul(beta, Math.PI / 2), betaDot: m.mul(alpha, -Math.PI / 2) }
    },
  })
}

/** Variance preserving with a noise rate linear in τ = 1 − t, from b0 to b1: α = e^(−I/2), β = √(1 − e^(−I)). */
export function vpLinear(options: z.input<typeof vpLinearOptions> = {}): Schedule {
  const { b0, b1, tMin, tMax } = parseOptions(vpLinearOptions, options, 'vpLinear')
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
export function vpCosine(options: z.input<typeof vpCosineOptions> = {}): Schedule {
  const scale = Math.PI / 2 / (1 + OFFSET)
  const theta0 = OFFSET * scale
  const cos0 = Math.cos(theta0)
  return defineSchedule({
    name: 'vp-cosine',
    ...parseOptions(vpCosineOptions, options, 'vpCosine'),
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

/** Variance exploding, geometric: α = 1, β = σ_min (σ_max/σ_min)^(1−t). Starts from N(0, σ_max²), fair only where σ_max is far above the spread of the data. */
export function veGeometric(options: z.input<typeof veOptions> = {}): Schedule {
  const { sigmaMin, sigmaMax, tMin, tMax } = parseOptions(veOptions, options, 'veGeometric')
  const rate = Math.log(sigmaMax / sigmaMin)
  return defineSchedule({
    name: 've-geometric',
    tMin,
    tMax,
    start: { mean: 0, scale: sigmaMax },
    coefficients<T>(t: T, m: Arithmetic<T>): Coefficients<T> {
      const zero = m.mul(t, 0)
      const beta = m.mul(m.exp(m.mul(m.sub(1, t), rate)), sigmaMin)
      return { alpha: m.add(zero, 1), beta, alphaDot: zero, betaDot: m.mul(beta, -rate) }
    },
  })
}
