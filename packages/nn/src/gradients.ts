import { checkTensorflow, flattenTree, type Tree, unflattenTree } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'

/** Value of a loss and its gradient for every leaf of a parameter tree. @throws RevflowError (`two-tensorflows`) */
export function valueAndGrads<P extends Tree<tf.Tensor>>(
  loss: (params: P) => tf.Tensor,
  params: P,
): { value: tf.Scalar; grads: P } {
  checkTensorflow(tf)
  const entries = flattenTree<tf.Tensor>(params)
  const { value, grads } = tf.valueAndGrads((...leaves: tf.Tensor[]) =>
    loss(unflattenTree(entries.map(([path], i) => [path, leaves[i]!] as const)) as P),
  )(entries.map(([, leaf]) => leaf))
  return {
    value: value as tf.Scalar,
    grads: unflattenTree(entries.map(([path], i) => [path, grads[i]!] as const)) as P,
  }
}
