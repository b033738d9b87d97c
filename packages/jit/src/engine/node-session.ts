import type * as ort from 'onnxruntime-node'
import { allocate, type DType, HostTensor, type TensorData, type TensorSpec } from '../host-tensor.ts'
import { missingProvider, onnxRuntime } from './node-runtime.ts'
import type { Model, Session } from './onnx.ts'

export interface NodeSessionOptions {
  readonly provider: 'cpu' | 'cuda' | 'webgpu'
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

/** Opens sessions of onnxruntime-node, which write results into memory that is there already. */
export const nodeSession =
  ({ provider, threads }: NodeSessionOptions) =>
  async ({ bytes, inputs: names, outputs }: Model): Promise<Session> => {
    const { InferenceSession, Tensor } = onnxRuntime()
    const session = await InferenceSession.create(bytes, {
      executionProviders: [provider],
      graphOptimizationLevel: 'all',
      intraOpNumThreads: threads,
      extra: { session: { set_denormal_as_zero: '1' } },
    }).catch((cause: unknown) => {
      throw provider === 'cpu' ? cause : missingProvider(provider, cause)
    })
    const view = (dtype: DType, shape: readonly number[], data: TensorData[DType]): ort.Tensor => {
      const known = views.get(data)
      if (known && String(known.dims) === String(shape)) return known
      const tensor = new Tensor(dtype, data as Float32Array, [...shape])
      views.set(data, tensor)
      return tensor
    }
    const pool = new BufferPool(outputs.map(([, spec]) => spec))
    return {
      async run(inputs, donated) {
        const feeds = inputs.map(({ dtype, shape, data }, i) => [names[i]!, view(dtype, shape, data)])
        const results = outputs.map(([name, spec]) => ({ name, ...spec, data: pool.take(spec) }))
        const fetches = results.map(({ name, dtype, shape, data }) => [name, view(dtype, shape, data)])
        await session.run(Object.fromEntries(feeds), Object.fromEntries(fetches))
        for (const tensor of donated) pool.give(tensor)
        return results.map(({ dtype, shape, data }) => new HostTensor(dtype, shape, data))
      },
      release: () => session.release(),
    }
  }
