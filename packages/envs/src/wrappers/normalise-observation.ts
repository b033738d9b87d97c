import { parseOptions } from '@revflow/core'
import { z } from 'zod'
import type { Env } from '../env.ts'
import { membersOf, unwrapState, wrapState } from './wrap.ts'

const optionsSchema = z.strictObject({
  /** Whether observations go on changing mean and variance; false to evaluate with those of a state. Default true. */
  update: z.boolean().default(true),
  /** Normalised components are cut to [−limit, limit]; default 10. */
  limit: z.number().positive().default(10),
})
/** Options of {@link normaliseObservation}. */
export type NormaliseOptions = z.input<typeof optionsSchema>

/** Added to the variance, which is 0 at first and of a constant component. */
const epsilon = 1e-8

/**
 * Gives each component of an observation o as (o − μ)/√(σ² + 1e-8), with mean μ and population variance σ² of all
 * observations so far, that of resets and the present one included (Welford, Technometrics 4 (1962), 419–420). They are
 * part of the state.
 */
export function normaliseObservation(env: Env, options: NormaliseOptions = {}): Env {
  const { update, limit } = parseOptions(optionsSchema, options, 'normaliseObservation')
  const { size } = env.observationSpace
  /** Number of observations, μ [S], sum of squared deviations [S]. */
  let moments = new Float64Array(1 + 2 * size)

  const normalise = (observation: Float32Array): Float32Array => {
    if (update) moments[0]! += 1
    const count = moments[0]!
    return observation.map((value, i) => {
      const deviation = value - moments[1 + i]!
      if (update) {
        moments[1 + i]! += deviation / count
        moments[1 + size + i]! += deviation * (value - moments[1 + i]!)
      }
      const variance = count === 0 ? 1 : moments[1 + size + i]! / count
      return Math.min(limit, Math.max(-limit, (value - moments[1 + i]!) / Math.sqrt(variance + epsilon)))
    })
  }

  return {
    ...membersOf(env),
    reset: (seed) => ({ observation: normalise(env.reset(seed).observation) }),
    step(action) {
      const result = env.step(action)
      return { ...result, observation: normalise(result.observation) }
    },
    getState: () => wrapState(env.getState(), 'normaliseObservation', moments),
    setState(state) {
      const { inner, own } = unwrapState(state, 'normaliseObservation', moments.length)
      env.setState(inner)
      moments = own
    },
  }
}
