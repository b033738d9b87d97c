import { mapTree, parseOptions, type Tree, treeLeaves } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { constant, type Schedule } from './learning-rate.ts'

const adamSchema = z.strictObject({
  learningRate: z.union([z.number().positive(), z.custom<Schedule>((value) => typeof value === 'function')]),
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.999),
  epsilon: z.number().positive().default(1e-8),
  /** Greatest norm of the gradient over all parameters; longer ones are scaled down to it. */
  clipNorm: z.number().positive().optional(),
})
export type AdamOptions = z.input<typeof adamSchema>

export interface AdamState<P extends Tree<tf.Tensor>> {
  readonly [key: string]: Tree<tf.Tensor>
  /** Running means of the gradient and of its square, shaped as the parameters. */
  readonly first: P
  readonly second: P
  /** Updates made, [], int32 */
  readonly step: tf.Tensor
}

export interface Adam {
  init<P extends Tree<tf.Tensor>>(params: P): AdamState<P>
  update<P extends Tree<tf.Tensor>>(input: {
    readonly grads: P
    readonly state: AdamState<P>
    readonly params: P
  }): { params: P; state: AdamState<P>; gradNorm: tf.Scalar }
}

/** Adam (arXiv 1412.6980) over a tree, with a learning rate that may depend on the step and clipping of the gradient's norm. */
export function adam(options: AdamOptions): Adam {
  const { learningRate, beta1, beta2, epsilon, clipNorm } = parseOptions(adamSchema, options, 'adam')
  const rate = typeof learningRate === 'number' ? constant(learningRate) : learningRate
  return {
    init: <P extends Tree<tf.Tensor>>(params: P) => ({
      first: mapTree((p: tf.Tensor) => tf.zerosLike(p), params) as P,
      second: mapTree((p: tf.Tensor) => tf.zerosLike(p), params) as P,
      step: tf.scalar(0, 'int32'),
    }),
    update<P extends Tree<tf.Tensor>>({ grads, state, params }: { grads: P; state: AdamState<P>; params: P }) {
      const gradNorm = globalNorm(grads)
      const factor = clipNorm === undefined ? undefined : tf.minimum(1, tf.div(clipNorm, tf.maximum(gradNorm, 1e-12)))
      const clipped = factor === undefined ? grads : (mapTree((g: tf.Tensor) => tf.mul(g, factor), grads) as P)
      const step = tf.add(state.step, tf.scalar(1, 'int32'))
      const n = tf.cast(step, 'float32')
      const moving = (decay: number, power: 1 | 2) => (mean: tf.Tensor, g: tf.Tensor) =>
        tf.add(tf.mul(decay, mean), tf.mul(1 - decay, power === 1 ? g : tf.square(g)))
      const first = mapTree(moving(beta1, 1), state.first, clipped) as P
      const second = mapTree(moving(beta2, 2), state.second, clipped) as P
      // m̂/(√v̂ + ε) with both bias corrections in two scalars
      const correction2 = tf.sqrt(tf.sub(1, tf.pow(beta2, n)))
      const size = tf.div(tf.mul(rate(tf.sub(n, 1) as tf.Scalar), correction2), tf.sub(1, tf.pow(beta1, n)))
      const scaledEpsilon = tf.mul(epsilon, correction2)
      const move = (p: tf.Tensor, m: tf.Tensor, v: tf.Tensor) =>
        tf.sub(p, tf.div(tf.mul(size, m), tf.add(tf.sqrt(v), scaledEpsilon)))
      return {
        params: mapTree(move, params, first, second) as P,
        state: { first, second, step },
        gradNorm,
      }
    },
  }
}

/** √Σ g² over all leaves, []. */
export function globalNorm(tree: Tree<tf.Tensor>): tf.Scalar {
  return tf.sqrt(tf.addN(treeLeaves(tree).map((leaf) => tf.sum(tf.square(leaf))))) as tf.Scalar
}
