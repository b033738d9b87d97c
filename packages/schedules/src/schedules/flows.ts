import { parseOptions } from '@revflow/core'
import { z } from 'zod'
import { type Arithmetic, defineSchedule, type Schedule } from './schedule.ts'

const flowOptions = z.strictObject({ tMin: z.number().default(0), tMax: z.number().default(1) })

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
