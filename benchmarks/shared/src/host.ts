import { drawNoise, mapTree, type NoiseSpecs, type Rng, type Tree } from '@revflow/core'
import { HostTensor } from '@revflow/jit'
import type * as tf from '@tensorflow/tfjs-core'

/** Noise by name, as the specifications ask for it. */
export const hostNoise = (rng: Rng, specs: NoiseSpecs): Readonly<Record<string, HostTensor>> =>
  Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, HostTensor.from(drawNoise(rng, spec), spec.shape)]),
  )

/** A copy of every tensor of a tree, on the host; the tensors remain the caller's. */
export const hostTree = (tree: Tree<tf.Tensor>): Tree<HostTensor> =>
  mapTree<tf.Tensor, HostTensor>(
    (tensor) => new HostTensor(tensor.dtype as 'float32', tensor.shape, tensor.dataSync<'float32'>().slice()),
    tree,
  )
