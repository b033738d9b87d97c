import { divergence } from '@revflow/stein'
import * as tf from '@tensorflow/tfjs-core'
import { type OdeOptions, sampleOde } from './sample.ts'

/** Options of {@link sampleWithLogDensity}. */
export interface DensityOptions extends OdeOptions {
  /** log p at `from`, of x [B, d], shape [B] */
  logProb(x: tf.Tensor): tf.Tensor
  /** Signs or normals shaped like x0, for Hutchinson's estimate of the divergence; none: exact, by d gradients. */
  readonly probe?: tf.Tensor2D
}

/**
 * Follows the flow from x0 and its log density with it: d log p/dt = −∇·u. Log π(a|s) for the entropy term (Remark 6).
 * With `from` and `to` exchanged and a `logProb` of zero it gives what log p gains on the way back: see {@link logDensityAt}.
 * @returns x at `to` [B, d] and its log density [B]
 */
export function sampleWithLogDensity(options: DensityOptions): { x: tf.Tensor2D; logProb: tf.Tensor1D } {
  const { velocity, x0, probe, logProb, ...rest } = options
  const dim = x0.shape[1]
  return tf.tidy(() => {
    const position = (state: tf.Tensor2D) => tf.slice(state, [0, 0], [-1, dim])
    const joint = sampleOde({
      ...rest,
      x0: tf.concat([x0, tf.expandDims(logProb(x0), 1) as tf.Tensor2D], 1),
      velocity(state, t) {
        const x = position(state)
        const spread = divergence((y) => velocity(y as tf.Tensor2D, t), x, probe)
        return tf.concat([velocity(x, t), tf.expandDims(tf.neg(spread), 1) as tf.Tensor2D], 1)
      },
    })
    return { x: position(joint), logProb: tf.squeeze(tf.slice(joint, [0, dim], [-1, 1]), [1]) as tf.Tensor1D }
  })
}

/** log density at `to` of given points x [B, d], found by following the flow back to `from`: [B]. */
export function logDensityAt({
  x,
  logProb,
  from = 0,
  to = 1,
  ...options
}: Omit<DensityOptions, 'x0'> & { readonly x: tf.Tensor2D }): tf.Tensor1D {
  return tf.tidy(() => {
    const back = sampleWithLogDensity({
      ...options,
      x0: x,
      from: to,
      to: from,
      logProb: (y) => tf.zeros([y.shape[0]!]),
    })
    return tf.sub(logProb(back.x), back.logProb) as tf.Tensor1D
  })
}
