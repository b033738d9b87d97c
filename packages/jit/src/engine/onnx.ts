import * as ort from 'onnxruntime-node'
import { chooseRows } from '../graph/choose-rows.ts'
import { encodeModel } from '../graph/encode.ts'
import { fuse } from '../graph/fuse.ts'
import { allocate, type DType, HostTensor, type TensorData, type TensorSpec } from '../host-tensor.ts'
import { resultName, trace } from '../trace/trace.ts'
import type { Engine } from './engine.ts'

export interface OnnxOptions {
  /** Threads inside one operation; 0 lets ONNX Runtime choose one a core. */
  readonly threads: number
}

const keyOf = ({ dtype, shape }: TensorSpec) => `${dtype}[${shape}]`

/** Memory given back by donated inputs, to be written by later calls: of each type and shape no more than one call makes. */
class BufferPool {
  readonly #free = new Map<string, TensorData[DType][]>()
  readonly #most = new Map<string, number>()

  constructor(outputs: readonly TensorSpec[]) {
    for (const key of outputs.map(keyOf)) this.#most.set(key, (this.#most.get(key) ?? 0) + 1)
  }

  take(spec: TensorSpec): TensorData[DType] {
    return this.#free.get(keyOf(spec))?.pop() ?? allocate(spec.dtype, spec.shape)
  }

  give(tensor: HostTensor): void {
    const key = keyOf(tensor)
    const data = tensor.release()
    const free = this.#free.get(key) ?? []
    if (free.length < (this.#most.get(key) ?? 0)) free.push(data)
    this.#free.set(key, free)
  }
}

/** Runtime tensors by the memory they view, so that recycled memory needs no new one. */
const views = new WeakMap<TensorData[DType], ort.Tensor>()

function view(dtype: DType, shape: readonly number[], data: TensorData[DType]): ort.Tensor {
  const known = views.get(data)
  if (known && String(known.dims) === String(shape)) return known
  const tensor = new ort.Tensor(dtype, data as Float32Array, [...shape])
  views.set(data, tensor)
  return tensor
}

/** Traces the function into one ONNX graph and runs it by ONNX Runtime. */
export function onnxEngine({ threads }: OnnxOptions): Engine {
  return {
    name: 'onnx',
    async compile(fn, args) {
      const start = performance.now()
      const { graph, outputs } = trace(fn, args)
      fuse(graph)
      chooseRows(graph)
      const model = encodeModel(graph)
      const traced = performance.now()
      const session = await ort.InferenceSession.create(model, {
        graphOptimizationLevel: 'all',
        intraOpNumThreads: threads,
        extra: { session: { set_denormal_as_zero: '1' } },
      })
      const compiled = performance.now()
      // an input that no output depends on is no input of the optimised graph's session
      const names = graph.inputs.map(({ name }) => name)
      const pool = new BufferPool(outputs.map(([, spec]) => spec))
      return {
        stats: {
          nodes: graph.nodes.length,
          flops: graph.flops(),
          traceMs: traced - start,
          compileMs: compiled - traced,
          modelBytes: model.length,
        },
        async run(inputs, donated) {
          const feeds = Object.fromEntries(
            inputs.map(({ dtype, shape, data }, i) => [names[i]!, view(dtype, shape, data)]),
          )
          const results = outputs.map(
            ([path, { dtype, shape }]) => [path, dtype, shape, pool.take({ dtype, shape })] as const,
          )
          await session.run(
            feeds,
            Object.fromEntries(
              results.map(([path, dtype, shape, data]) => [resultName(path), view(dtype, shape, data)]),
            ),
          )
          for (const tensor of donated) pool.give(tensor)
          return results.map(([path, dtype, shape, data]) => [path, new HostTensor(dtype, shape, data)] as const)
        },
        dispose: () => session.release(),
      }
    },
  }
}
