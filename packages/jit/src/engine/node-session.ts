import type * as ort from 'onnxruntime-node'
import { type DType, HostTensor, type TensorData, type TensorSpec, typeName } from '../host-tensor.ts'
import { BufferPool } from './buffer-pool.ts'
import type { NativeSessionOptions } from './native-runtime.ts'
import { missingProvider, onnxRuntime } from './node-runtime.ts'
import type { Model, Session } from './onnx.ts'

export interface NodeSessionOptions extends Required<NativeSessionOptions> {
  readonly provider: 'cpu' | 'cuda' | 'webgpu'
}

/** Runtime tensors by the memory they view, so that recycled memory needs no new one. */
const views = new WeakMap<TensorData[DType], { readonly type: string; readonly tensor: ort.Tensor }>()

/** Opens sessions of onnxruntime-node, which write results into memory that is there already. */
export const nodeSession =
  ({ provider, threads, flushDenormals }: NodeSessionOptions) =>
  async ({ bytes, inputs: names, outputs }: Model): Promise<Session> => {
    const { InferenceSession, Tensor } = onnxRuntime()
    const session = await InferenceSession.create(bytes, {
      executionProviders: [provider],
      graphOptimizationLevel: 'all',
      intraOpNumThreads: threads,
      // what goes wrong is thrown: said once is enough
      logSeverityLevel: 4,
      extra: { session: { set_denormal_as_zero: flushDenormals ? '1' : '0' } },
    }).catch((cause: unknown) => {
      throw provider === 'cpu' ? cause : missingProvider(provider, cause)
    })
    const view = (spec: TensorSpec, data: TensorData[DType]): ort.Tensor => {
      const [known, type] = [views.get(data), typeName(spec)]
      if (known?.type === type) return known.tensor
      const tensor = new Tensor(spec.dtype, data as Float32Array, [...spec.shape])
      views.set(data, { type, tensor })
      return tensor
    }
    const pool = new BufferPool(outputs.map(([, spec]) => spec))
    return {
      async run(inputs, donated) {
        const feeds: Record<string, ort.Tensor> = {}
        for (const [i, tensor] of inputs.entries()) feeds[names[i]!] = view(tensor, tensor.data)
        const fetches: Record<string, ort.Tensor> = {}
        const results = outputs.map(([name, spec]) => {
          const data = pool.take(spec)
          fetches[name] = view(spec, data)
          return new HostTensor(spec.dtype, spec.shape, data)
        })
        await session.run(feeds, fetches)
        for (const tensor of donated) pool.give(tensor)
        return results
      },
      release: () => session.release(),
    }
  }
