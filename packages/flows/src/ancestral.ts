import type { DiscreteSchedule } from '@revflow/schedules'
import * as tf from '@tensorflow/tfjs-core'
import { checkSteps } from './sample.ts'

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
    let x = x0
    for (let i = 0; i < steps; i++) {
      const rate = rates[steps - 1 - i]!
      const [signal, before] = [
        schedule.at(grid[i]!).alpha ** 2,
        i === steps - 1 ? 1 : schedule.at(grid[i + 1]!).alpha ** 2,
      ]
      const predicted = data(x, tf.fill([x.shape[0]], grid[i]!) as tf.Tensor1D)
      const x1 = support ? tf.clipByValue(predicted, support.low, support.high) : predicted
      const towardsData = (Math.sqrt(before) * rate) / (1 - signal)
      const stay = (Math.sqrt(1 - rate) * (1 - before)) / (1 - signal)
      const mean = tf.add(tf.mul(towardsData, x1), tf.mul(stay, x)) as tf.Tensor2D
      const deviation = Math.sqrt((rate * (1 - before)) / (1 - signal))
      x =
        i === steps - 1
          ? mean
          : tf.add(mean, tf.mul(deviation, tf.squeeze(tf.slice(noise, [i, 0, 0], [1, -1, -1]), [0])))
    }
    return x.clone()
  })
}
