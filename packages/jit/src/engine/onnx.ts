import * as ort from 'onnxruntime-node'
import { chooseRows } from '../graph/choose-rows.ts'
import { encodeModel } from '../graph/encode.ts'
import { fuse } from '../graph/fuse.ts'
import { allocate, type DType, HostTensor, type TensorData, type TensorSpec, typeName } from '../host-tensor.ts'
import { resultName, trace } from '../trace/trace.ts'
import type { Engine } from './engine.ts'

export interface OnnxOptions {
  /** Threads inside one operation; 0 lets ONNX Runtime choose one a core. */
  readonly threads: number
}

/** Memory given back by donated inputs, to be written by later calls: of each type and shape no more than one call makes. */
class BufferPool {
  readonly #free = new Map<string, TensorData[DType][]>()
  readonly #most = new Map<string, number>()

  constructor(outputs: readonly TensorSpec[]) {
    for (const key of outputs.map(typeName)) this.#most.set(key, (this.#most.get(key) ?? 0) + 1)
  }

  take(spec: TensorSpec): TensorData[DType] {
    return this.#free.get(typeName(spec))?.pop() ?? allocate(spec.dtype, spec.shape)
  }

  give(tensor: HostTensor): void {
    const key = typeName(tensor)
    const data = tensor.release()
    const free = this.#free.get(key) ?? []
    if (free.length < (this.#most.get(key) ?? 0)) free.push(data)
    this.#free.set(key, free)
  }
}

/** Runtime tensors by the memory they view, so that recycled memory needs no new one. */
const views = new WeakMap<TensorData[DType], { readonly type: string; readonly tensor: ort.Tensor }>()

function view(spec: TensorSpec, data: TensorData[DType]): ort.Tensor {
  const [known, type] = [views.get(data), typeName(spec)]
  if (known?.type === type) return known.tensor
  const tensor = new ort.Tensor(spec.dtype, data as Float32Array, [...spec.shape])
  views.set(data, { type, tensor })
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
      const names = graph.inputs.map(({ name }) => name)
      graph.dropUnusedInputs()
      const used = new Set(graph.inputs.map(({ name }) => name))
      const model = encodeModel(graph)
      const traced = performance.now()
      const session = await ort.InferenceSession.create(model, {
        graphOptimizationLevel: 'all',
        intraOpNumThreads: threads,
        extra: { session: { set_denormal_as_zero: '1' } },
      })
      const compiled = performance.now()
      const fetched = outputs.map(([path]) => resultName(path))
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
          const feeds: Record<string, ort.Tensor> = {}
          for (const [i, tensor] of inputs.entries())
            if (used.has(names[i]!)) feeds[names[i]!] = view(tensor, tensor.data)
          const fetches: Record<string, ort.Tensor> = {}
          const results = outputs.map(([path, spec], i) => {
            const data = pool.take(spec)
            fetches[fetched[i]!] = view(spec, data)
            return [path, new HostTensor(spec.dtype, spec.shape, data)] as const
          })
          await session.run(feeds, fetches)
          for (const tensor of donated) pool.give(tensor)
          return results
        },
        dispose: () => session.release(),
      }
    },
  }
}
