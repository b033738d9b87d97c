import { parseOptions, type Tree, treeLeaves } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { constant, type Schedule } from './learning-rate.ts'
import { fromVector, toVector } from './vector.ts'

const adamSchema = z.strictObject({
  /** A positive number, or a schedule. */
  learningRate: z.union([z.number().positive(), z.custom<Schedule>((value) => typeof value === 'function')]),
  /** Decay of the mean of gradients, in [0, 1). */
  beta1: z.number().min(0).lt(1).default(0.9),
  /** Decay of the mean of squared gradients, in [0, 1). */
  beta2: z.number().min(0).lt(1).default(0.999),
  /** Added to the root of the mean square. */
  epsilon: z.number().positive().default(1e-8),
  /** Greatest norm of the gradient over all parameters; longer ones are scaled down to it. */
  clipNorm: z.number().positive().optional(),
})
/** Options of {@link adam}. */
export type AdamOptions = z.input<typeof adamSchema>

/** What Adam remembers of N parameters. */
export interface AdamState {
  readonly [key: string]: tf.Tensor
  /** Running means of the gradient and of its square, all parameters in one vector, [N]. */
  readonly first: tf.Tensor
  readonly second: tf.Tensor
  /** Updates made, [], int32 */
  readonly step: tf.Tensor
}

/** An optimiser as pure functions: parameters and state go in and come out. */
export interface Adam {
  /** The state before the first step: zeros. */
  init(params: Tree<tf.Tensor>): AdamState
  /** One step; `gradNorm` is the norm before clipping, []. */
  update<P extends Tree<tf.Tensor>>(input: {
    readonly grads: P
    readonly state: AdamState
    readonly params: P
  }): { params: P; state: AdamState; gradNorm: tf.Scalar }
}

/** Adam (arXiv 1412.6980) over a tree, with a learning rate that may depend on the step and clipping of the gradient's norm. */
export function adam(options: AdamOptions): Adam {
  const { learningRate, beta1, beta2, epsilon, clipNorm } = parseOptions(adamSchema, options, 'adam')
  const rate = typeof learningRate === 'number' ? constant(learningRate) : learningRate
  return {
    init: (params) => {
      const size = treeLeaves(params).reduce((sum, leaf) => sum + leaf.size, 0)
      return { first: tf.zeros([size]), second: tf.zeros([size]), step: tf.scalar(0, 'int32') }
    },
    update({ grads, state, params }) {
      const gradient = toVector(grads)
      const gradNorm = tf.norm(gradient) as tf.Scalar
      const g = clipNorm === undefined ? gradient : tf.mul(gradient, clipFactor(gradNorm, clipNorm))
      const first = movingAverage(beta1, state.first, g)
      const second = movingAverage(beta2, state.second, tf.square(g))
      const step = tf.add(state.step, tf.scalar(1, 'int32'))
      const n = tf.cast(step, 'float32')
      // m̂/(√v̂ + ε) with both bias corrections in two scalars
      const correction2 = tf.sqrt(tf.sub(1, tf.pow(beta2, n)))
      const size = tf.div(tf.mul(rate(tf.sub(n, 1) as tf.Scalar), correction2), tf.sub(1, tf.pow(beta1, n)))
      const move = tf.div(tf.mul(size, first), tf.add(tf.sqrt(second), tf.mul(epsilon, correction2)))
      return {
        params: fromVector(tf.sub(toVector(params), move), params),
        state: { first, second, step },
        gradNorm,
      }
    },
  }
}

const movingAverage = (decay: number, mean: tf.Tensor, value: tf.Tensor) =>
  tf.add(tf.mul(decay, mean), tf.mul(1 - decay, value))

/** What shortens a gradient to `clipNorm` where it is longer, []. */
const clipFactor = (norm: tf.Scalar, clipNorm: number) => tf.minimum(1, tf.div(clipNorm, tf.maximum(norm, 1e-12)))
