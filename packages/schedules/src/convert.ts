import { checkTensorflow, RevflowError } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'
import type { Coefficients, Schedule } from './schedules/schedule.ts'
import { gaussian } from './sources/gaussian.ts'
import { isGaussian, type Source } from './sources/source.ts'

/** What a network may predict at (x, t): u_t(x), E[X1|x], E[X0|x] or ∇ log p_t(x). */
export type Prediction = 'velocity' | 'data' | 'noise' | 'score'

/** What {@link convertPrediction} converts, and where. */
export interface ConversionInput {
  readonly schedule: Schedule
  /** Needed for scores; a standard Gaussian unless given. */
  readonly source?: Source
  readonly from: Prediction
  readonly to: Prediction
  /** The prediction, [B, d] */
  readonly value: tf.Tensor2D
  /** x_t, [B, d] */
  readonly x: tf.Tensor2D
  /** One time, checked, or times [B], whose values are not looked at so that the conversion can be compiled. */
  readonly t: number | tf.Tensor1D
}

/** What a conversion divides by. A conversion is singular where one of these is zero. */
const DIVISORS: Record<Prediction, Partial<Record<Prediction, readonly Divisor[]>>> = {
  noise: { data: ['α'], velocity: ['α'], score: ['β'] },
  data: { noise: ['β'], velocity: ['β'], score: ['β'] },
  velocity: { noise: ["αβ' − βα'"], data: ["αβ' − βα'"], score: ["αβ' − βα'", 'β'] },
  score: { noise: [], data: ['α'], velocity: ['α'] },
}
type Divisor = 'α' | 'β' | "αβ' − βα'"

/**
 * Converts between predictions (Remark 1 and the one-sided velocities of (9), (10)).
 * @throws RevflowError (`unsupported-conversion`) for a score with a source that is not Gaussian;
 *   (`singular-conversion`) at one time t where the value says nothing of what is asked for;
 *   (`two-tensorflows`)
 */
export function convertPrediction({ schedule, source, from, to, value, x, t }: ConversionInput): tf.Tensor2D {
  checkTensorflow(tf)
  const law = source ?? gaussian({ dim: x.shape[1] })
  if ((from === 'score' || to === 'score') && !isGaussian(law))
    throw new RevflowError({
      code: 'unsupported-conversion',
      path: 'convertPrediction',
      expected: 'a Gaussian source for scores',
      received: law.name,
      hint: 'regress the score directly (reverse score matching)',
    })
  const { mean, scale } = isGaussian(law) ? law : { mean: 0, scale: 1 }
  if (typeof t === 'number') checkRegular(schedule, from, to, t)
  return tf.tidy(() => {
    if (from === to) return value.clone()
    const { alpha, beta, alphaDot, betaDot } = columns(schedule, t)
    const { mul, div, sub, add } = tf
    /** α β' − β α' */
    const wronskian = sub(mul(alpha, betaDot), mul(beta, alphaDot))
    const [variance, noiseOfData] = [scale * scale, (data: tf.Tensor) => div(sub(x, mul(alpha, data)), beta)]
    const noise = () =>
      ({
        noise: () => value,
        data: () => noiseOfData(value),
        velocity: () => div(sub(mul(alpha, value), mul(alphaDot, x)), wronskian),
        score: () => sub(mean, mul(variance, mul(beta, value))),
      })[from]()
    const data = () =>
      from === 'velocity'
        ? div(sub(mul(betaDot, x), mul(beta, value)), wronskian)
        : div(sub(x, mul(beta, noise())), alpha)
    const velocity = () =>
      from === 'data'
        ? div(sub(mul(betaDot, x), mul(wronskian, value)), beta)
        : div(add(mul(alphaDot, x), mul(wronskian, noise())), alpha)
    const score = () => div(sub(mean, noise()), mul(variance, beta))
    return { noise, data, velocity, score }[to]() as tf.Tensor2D
  })
}

/** The coefficients as columns [B, 1], or as numbers. */
function columns(schedule: Schedule, t: number | tf.Tensor1D): Coefficients<tf.Tensor | number> {
  if (typeof t === 'number') return schedule.at(t)
  const { alpha, beta, alphaDot, betaDot } = schedule.atTensor(t)
  const column = (c: tf.Tensor1D) => tf.expandDims(c, 1)
  return { alpha: column(alpha), beta: column(beta), alphaDot: column(alphaDot), betaDot: column(betaDot) }
}

function checkRegular(schedule: Schedule, from: Prediction, to: Prediction, t: number): void {
  const { alpha, beta, alphaDot, betaDot } = schedule.at(t)
  const values: Record<Divisor, number> = { α: alpha, β: beta, "αβ' − βα'": alpha * betaDot - beta * alphaDot }
  const zero = DIVISORS[from][to]?.find((divisor) => values[divisor] === 0)
  if (zero)
    throw new RevflowError({
      code: 'singular-conversion',
      path: `${schedule.name}: ${from} to ${to}`,
      expected: `a time with ${zero} ≠ 0`,
      received: `t = ${t}`,
      hint: 'stay inside [tMin, tMax], or predict what is asked for directly',
    })
}
