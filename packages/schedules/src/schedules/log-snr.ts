import { RevflowError } from '@revflow/core'
import type { Schedule } from './schedule.ts'

/**
 * Log signal-to-noise ratio 2 ln(α/β) at a time; −∞ where α = 0, ∞ where β = 0.
 * @throws RevflowError (`singular-schedule`) where `schedule.at` does: at t = 1 of the variance-preserving schedules
 */
export function logSnr(schedule: Schedule, t: number): number {
  const { alpha, beta } = schedule.at(t)
  return 2 * Math.log(alpha / beta)
}

/**
 * The time in [tMin, tMax] with a log signal-to-noise ratio: the inverse of {@link logSnr}, to double precision.
 * @throws RevflowError (`out-of-range`) where no time of the interval has it, (`singular-schedule`) as {@link logSnr} does
 */
export function timeOfLogSnr(schedule: Schedule, value: number): number {
  let [low, high] = [schedule.tMin, schedule.tMax]
  const [least, greatest] = [logSnr(schedule, low), logSnr(schedule, high)]
  if (!(value >= least && value <= greatest))
    throw new RevflowError({
      code: 'out-of-range',
      path: `${schedule.name}: log-SNR`,
      expected: `a value in [${least}, ${greatest}]`,
      received: String(value),
    })
  // the ratio rises with t: halve the interval until no number lies between its ends
  for (;;) {
    const middle = (low + high) / 2
    if (middle <= low || middle >= high) return high - low > 0 && logSnr(schedule, low) < value ? high : low
    if (logSnr(schedule, middle) < value) low = middle
    else high = middle
  }
}
