import {
  cosineFlow,
  integratedRates,
  linearFlow,
  linearRates,
  type Schedule,
  veGeometric,
  vpCosine,
  vpDiscrete,
  vpLinear,
} from '@revflow/schedules'
import { z } from 'zod'

const positive = z.number().positive()

/** The schedules a policy may follow, with what each is made of. */
const scheduleSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('linear-flow') }),
  z.strictObject({ kind: z.literal('cosine-flow') }),
  z.strictObject({ kind: z.literal('vp-cosine') }),
  z.strictObject({
    kind: z.literal('vp-linear'),
    b0: positive.default(0.1).describe('noise rate at the data'),
    b1: positive.default(20).describe('noise rate at the noisy end'),
  }),
  z.strictObject({
    kind: z.literal('ve-geometric'),
    sigmaMin: positive.default(1e-5).describe('β at t = 1'),
    sigmaMax: positive.default(1).describe('β at t = 0'),
  }),
  z.strictObject({
    kind: z.literal('ddpm'),
    first: positive.default(1e-4).describe('noise rate next to the data, before scaling'),
    last: positive.default(0.999).describe('noise rate at the noisy end, before scaling'),
    scale: positive.default(0.3).describe('factor on all rates'),
  }),
  z.strictObject({
    kind: z.literal('ddpm-vp'),
    b0: positive.default(0.1).describe('noise rate at the data'),
    b1: positive.default(10).describe('noise rate at the noisy end'),
  }),
])

/** Options of a flow or diffusion policy. */
export const flowPolicyOptions = {
  schedule: scheduleSchema.prefault({ kind: 'linear-flow' }).describe('α and β of x_t = α a + β x0'),
  prediction: z
    .enum(['velocity', 'data', 'noise', 'score'])
    .default('velocity')
    .describe('what the network predicts at (s, x_t, t)'),
  sampler: z
    .enum(['ode', 'sde', 'ancestral'])
    .default('ode')
    .describe('Euler, Euler–Maruyama with the reverse of the noising, or DDPM steps with x1 clipped to the bounds'),
  odeSteps: z.int().min(1).default(10).describe('steps of the sampler from noise to action'),
  tMin: z.number().min(0).max(1).default(0.05).describe('least time trained on; ddpm schedules have a grid instead'),
  tMax: z.number().min(0).max(1).default(1).describe('greatest time trained on'),
  timeFeatures: z.int().min(2).multipleOf(2).default(16).describe('Fourier features of time'),
}
const schema = z.strictObject(flowPolicyOptions)
export type FlowPolicyConfig = z.output<typeof schema>

/** The schedule that the options name. */
export function scheduleOf({ schedule, odeSteps: steps, tMin, tMax }: FlowPolicyConfig): Schedule {
  switch (schedule.kind) {
    case 'linear-flow':
      return linearFlow({ tMin, tMax })
    case 'cosine-flow':
      return cosineFlow({ tMin, tMax })
    case 'vp-cosine':
      return vpCosine({ tMin, tMax })
    case 'vp-linear':
      return vpLinear({ ...ratesOf(schedule), tMin, tMax })
    case 've-geometric':
      return veGeometric({ ...ratesOf(schedule), tMin, tMax })
    case 'ddpm':
      return vpDiscrete({ rates: linearRates({ steps, ...ratesOf(schedule) }) })
    case 'ddpm-vp':
      return vpDiscrete({ rates: integratedRates({ steps, ...ratesOf(schedule) }) })
  }
}

const ratesOf = <T extends { kind: string }>({ kind: _, ...rates }: T) => rates
