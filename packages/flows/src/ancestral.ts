import type { DiscreteSchedule } from '@revflow/schedules'
import * as tf from '@tensorflow/tfjs-core'
import { checkSteps, kicksOf } from './sample.ts'

/** Options of {@link sampleAncestral}; N is how many rates the schedule has. */
export interface AncestralOptions {
  readonly schedule: DiscreteSchedule
  /** E[X1|x_t], [B, d]: x [B, d], t [B] all equal, on the schedule's grid. */
  data(x: tf.Tensor2D, t: tf.Tensor1D): tf.Tensor2D
  /** Draws of the schedule's start law, [B, d] */
  readonly x0: tf.Tensor2D
  /** Standard normals, [N − 1, B, d]: the last step adds none. */
  readonly noise: tf.Tensor3D
  /** Bounds that predicted data is clipped to at each step. */
  readonly support?: { readonly low: number; readonly high: number }
}

/**
 * DDPM ancestral sampling (arXiv 2006.11239) from noise to data over the schedule's grid, a standard Gaussian source:
 * each step draws from p(x_(n−1) | x_n, x1) at the predicted x1. Returns the last step's mean, [B, d].
 * @throws RangeError unless there is noise for N − 1 steps
 */
export function sampleAncestral({ schedule, data, x0, noise, support }: AncestralOptions): tf.Tensor2D {
  const { rates, grid } = schedule
  const steps = rates.length
  checkSteps('sampleAncestral: noise for N − 1 steps', noise.shape[0], steps - 1)
  return tf.tidy(() => {
    /** ᾱ_n, the square of the signal, before and after step i. */
    const signal = (i: number) => (i === steps ? 1 : schedule.at(grid[i]!).alpha ** 2)
    const rate = (i: number) => rates[steps - 1 - i]!
    const kicks = kicksOf(
      noise,
      rates.slice(1).map((_, i) => Math.sqrt((rate(i) * (1 - signal(i + 1))) / (1 - signal(i)))),
    )
    let x = x0
    for (let i = 0; i < steps; i++) {
      const predicted = data(x, tf.fill([x.shape[0]], grid[i]!) as tf.Tensor1D)
      const x1 = support ? tf.clipByValue(predicted, support.low, support.high) : predicted
      const towardsData = (Math.sqrt(signal(i + 1)) * rate(i)) / (1 - signal(i))
      const stay = (Math.sqrt(1 - rate(i)) * (1 - signal(i + 1))) / (1 - signal(i))
      const mean = tf.add(tf.mul(towardsData, x1), tf.mul(stay, x)) as tf.Tensor2D
      x = i === steps - 1 ? mean : tf.add(mean, kicks[i]!)
    }
    return x.clone()
  })
}
