import { parseOptions } from '@revflow/core'
import { z } from 'zod'
import { type Arithmetic, type Coefficients, defineSchedule, type Schedule } from './schedule.ts'

const options = z
  .strictObject({
    sigmaMin: z.number().positive().default(1e-5),
    sigmaMax: z.number().positive().default(1),
    tMin: z.number().default(0),
    tMax: z.number().default(1),
  })
  .refine(({ sigmaMin, sigmaMax }) => sigmaMin <= sigmaMax, { path: ['sigmaMax'], message: 'at least sigmaMin' })

/** Variance exploding, geometric: α = 1, β = σ_min (σ_max/σ_min)^(1−t). Starts from N(0, σ_max²), fair only where σ_max is far above the spread of the data. */
export function veGeometric(input: z.input<typeof options> = {}): Schedule {
  const { sigmaMin, sigmaMax, tMin, tMax } = parseOptions(options, input, 'veGeometric')
  const rate = Math.log(sigmaMax / sigmaMin)
  return defineSchedule({
    name: 've-geometric',
    tMin,
    tMax,
    coefficients<T>(t: T, m: Arithmetic<T>): Coefficients<T> {
      const zero = m.mul(t, 0)
      const beta = m.mul(m.exp(m.mul(m.sub(1, t), rate)), sigmaMin)
      return { alpha: m.add(zero, 1), beta, alphaDot: zero, betaDot: m.mul(beta, -rate) }
    },
  })
}
