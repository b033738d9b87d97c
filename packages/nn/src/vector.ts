import { flattenTree, type Tree, unflattenTree } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'

/** All leaves of a tree in one vector, [N]: a few operations on it cost less than as many on each leaf. */
export function toVector(tree: Tree<tf.Tensor>): tf.Tensor1D {
  return tf.concat1d(flattenTree(tree).map(([, leaf]) => tf.reshape(leaf, [-1]) as tf.Tensor1D))
}

/** A vector of `toVector`, [N], as a tree of the structure and shapes of `like`. */
export function fromVector<P extends Tree<tf.Tensor>>(vector: tf.Tensor1D, like: P): P {
  const entries = flattenTree<tf.Tensor>(like)
  const parts = tf.split(
    vector,
    entries.map(([, { size }]) => size),
  )
  return unflattenTree(entries.map(([path, { shape }], i) => [path, tf.reshape(parts[i]!, shape)] as const)) as P
}
