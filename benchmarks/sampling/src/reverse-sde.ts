import { type SdeOptions, sampleSde } from '@revflow/flows'
import * as tf from '@tensorflow/tfjs'
import type { Method } from './methods.ts'

/**
 * Draws by the reverse SDE whose noise retraces the schedule's own, σ_t² = 2β(β α'/α − β') g², in steps of
 * equal ratios of noise to data. It starts from the source's law at the first noise level, without the data.
 */
export function reverseSde({ pace, source }: Method, start: tf.Tensor2D, kicks: tf.Tensor3D, fields: Fields) {
  const sigma = (t: number) => {
    const { alpha, beta, alphaDot, betaDot } = pace.at(t)
    return source.scale * Math.sqrt(2 * beta * ((beta * alphaDot) / alpha - betaDot))
  }
  const x0 = tf.mul(source.scale * pace.at(pace.tMin).beta, start) as tf.Tensor2D
  return sampleSde({ ...fields, sigma, x0, noise: kicks, from: pace.tMin, to: pace.tMax })
}

type Fields = Pick<SdeOptions, 'velocity' | 'score'>
