import { RevflowError } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'
import type { OdeOptions } from './sample.ts'

/** Options of {@link sampleOdeAdaptive}. */
export interface AdaptiveOptions extends Omit<OdeOptions, 'steps' | 'solver'> {
  /** Relative and absolute error allowed a step, in the root mean square over coordinates of the worst row. */
  readonly relativeTolerance?: number
  readonly absoluteTolerance?: number
  /** Attempts after which to give up. */
  readonly maxSteps?: number
}

/** Where the flow led, and what it took. */
export interface AdaptiveResult {
  /** x at `to`, [B, d] */
  readonly x: tf.Tensor2D
  /** Steps made. */
  readonly accepted: number
  /** Steps tried and not made, their error being above the tolerance. */
  readonly rejected: number
  /** Evaluations of the velocity. */
  readonly evaluations: number
}

/** Dormand and Prince's pair of order 5(4): nodes, stages, the solution's weights and those of its error. */
const NODES = [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1]
const STAGES = [
  [],
  [1 / 5],
  [3 / 40, 9 / 40],
  [44 / 45, -56 / 15, 32 / 9],
  [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
  [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
]
const ERROR = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40]

/**
 * Integrates dx/dt = u(x, t) by Dormand–Prince 5(4) with steps chosen by tolerance. The number of steps depends on
 * values, so it runs eagerly; the velocity may be a compiled function.
 * @throws RevflowError (`too-many-steps`) where maxSteps do not suffice
 */
export async function sampleOdeAdaptive(options: AdaptiveOptions): Promise<AdaptiveResult> {
  const { velocity, x0, from = 0, to = 1, maxSteps = 1000 } = options
  const { relativeTolerance = 1e-4, absoluteTolerance = 1e-5 } = options
  const field = (x: tf.Tensor2D, t: number) => velocity(x, tf.fill([x.shape[0]], t) as tf.Tensor1D)
  let [x, t, h] = [x0.clone(), from, (to - from) / 20]
  let slope = tf.tidy(() => field(x, t))
  let [accepted, rejected, evaluations] = [0, 0, 1]
  while (Math.abs(to - t) > 1e-9 * Math.abs(to - from)) {
    if (accepted + rejected >= maxSteps) {
      tf.dispose([x, slope])
      throw new RevflowError({
        code: 'too-many-steps',
        path: 'sampleOdeAdaptive',
        expected: `to reach t = ${to} in ${maxSteps} steps`,
        received: `t = ${t.toPrecision(4)}`,
        hint: 'raise maxSteps or the tolerances, or end before a singular time',
      })
    }
    h = Math.abs(h) > Math.abs(to - t) ? to - t : h
    const step = tf.tidy(() => {
      const k = [slope]
      let next = x
      for (const [i, weights] of STAGES.entries()) {
        if (i === 0) continue
        next = weights.reduce<tf.Tensor2D>((sum, w, j) => (w === 0 ? sum : tf.add(sum, tf.mul(h * w, k[j]!))), x)
        k.push(field(next, t + NODES[i]! * h))
      }
      const error = tf.addN(k.map((value, i) => tf.mul(h * ERROR[i]!, value)))
      const size = tf.maximum(tf.abs(x), tf.abs(next))
      const scaled = tf.div(error, tf.add(absoluteTolerance, tf.mul(relativeTolerance, size)))
      return { next, slope: k.at(-1)!, error: tf.max(tf.sqrt(tf.mean(tf.square(scaled), 1))) }
    })
    evaluations += 6
    const [error] = (await step.error.data()) as unknown as [number]
    step.error.dispose()
    if (error <= 1) {
      tf.dispose([x, slope])
      ;({ next: x, slope } = step)
      t += h
      accepted += 1
    } else {
      tf.dispose([step.next, step.slope])
      rejected += 1
    }
    // the error of a step is of order h⁵; a margin of a tenth, and no jumps
    h *= Number.isFinite(error) ? Math.min(5, Math.max(0.2, 0.9 * error ** -0.2)) : 0.2
  }
  slope.dispose()
  return { x, accepted, rejected, evaluations }
}
