import { flattenTree, type Tree, unflattenTree } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'
import { type DType, HostTensor, type TensorData } from '../host-tensor.ts'
import { checkResult } from '../trace/trace.ts'
import type { Engine } from './engine.ts'

const NOTHING = { nodes: 0, flops: 0, traceMs: 0, compileMs: 0, modelBytes: 0 }

const upload = (tensor: HostTensor): tf.Tensor =>
  // the copy keeps backends that hold arrays by reference from aliasing the caller's memory
  tf.tensor(tensor.data.slice(), [...tensor.shape], tensor.dtype)

async function download(tensor: tf.Tensor): Promise<HostTensor> {
  const data = (await tensor.data()) as TensorData[DType]
  return new HostTensor(tensor.dtype as DType, tensor.shape, data.slice() as TensorData[DType])
}

/** Runs the function as it is, on the current TensorFlow.js backend: cpu, wasm, tfjs-node, … */
export const eagerEngine: Engine = {
  name: 'eager',
  async compile(fn, args) {
    return {
      stats: NOTHING,
      async run(inputs, donated) {
        const results = tf.tidy(() => {
          let next = 0
          const trees = args.map((leaves) =>
            unflattenTree(leaves.map(([path]) => [path, upload(inputs[next++]!)] as const)),
          )
          const leaves = flattenTree(fn(...(trees as never[])) as Tree<unknown>)
          // clones: what is returned may have been there before, and stays
          return Object.fromEntries(leaves.map(([path, leaf]) => [path, tf.clone(checkResult(leaf, path))]))
        })
        const outputs = await Promise.all(
          Object.entries(results).map(async ([path, tensor]) => [path, await download(tensor)] as const),
        )
        tf.dispose(results)
        for (const tensor of donated) tensor.release()
        return unflattenTree(outputs)
      },
      async dispose() {},
    }
  },
}
