import { RevflowError } from '@revflow/core'
import { type Arithmetic, type Coefficients, defineSchedule, type Schedule } from './schedule.ts'

/** What a schedule of your own consists of. */
export interface CustomScheduleOptions {
  readonly name: string
  /** The interval of times on which it may be used. */
  readonly tMin: number
  readonly tMax: number
  /** Formulas in the arithmetic given, so that they serve numbers and tensors. */
  coefficients<T>(t: T, arithmetic: Arithmetic<T>): Coefficients<T>
}

/**
 * A schedule of your own. Its derivatives are compared with central differences when it is built.
 * @throws RevflowError (`wrong-derivative`) naming the derivative and the time
 */
export function customSchedule(options: CustomScheduleOptions): Schedule {
  const schedule = defineSchedule(options)
  const h = 1e-5 * (schedule.tMax - schedule.tMin)
  for (let i = 1; i < 10; i++) {
    const t = schedule.tMin + ((schedule.tMax - schedule.tMin) * i) / 10
    const [here, before, after] = [schedule.at(t), schedule.at(t - h), schedule.at(t + h)]
    for (const key of ['alpha', 'beta'] as const) {
      const numeric = (after[key] - before[key]) / (2 * h)
      const written = here[`${key}Dot`]
      if (Math.abs(numeric - written) > 1e-4 * Math.max(1, Math.abs(numeric)))
        throw new RevflowError({
          code: 'wrong-derivative',
          path: `${schedule.name}.${key}Dot`,
          expected: `${numeric.toPrecision(6)} at t = ${t.toFixed(3)} by finite differences`,
          received: written.toPrecision(6),
        })
    }
  }
  return schedule
}
