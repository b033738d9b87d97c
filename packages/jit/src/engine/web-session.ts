import { RevflowError } from '@revflow/core'
import * as ort from 'onnxruntime-web'
import { type DType, HostTensor, type TensorData } from '../host-tensor.ts'
import type { Model, Session } from './onnx.ts'

export interface WebSessionOptions {
  readonly provider: 'wasm' | 'webgpu'
  /** Threads of WebAssembly; 0 leaves them as they are. */
  readonly threads: number
}

const missing = (cause: unknown): RevflowError =>
  new RevflowError(
    {
      code: 'engine-missing',
      path: "engine 'webgpu'",
      expected: 'a browser with WebGPU',
      received: (cause as Error).message.split('\n')[0]!,
      hint: 'leave `engine` out to compute in WebAssembly',
    },
    { cause },
  )

/** Opens sessions of onnxruntime-web, which copies what it is fed and gives results in memory of their own. */
export const webSession =
  ({ provider, threads }: WebSessionOptions) =>
  async ({ bytes, inputs: names, outputs }: Model): Promise<Session> => {
    if (threads > 0) ort.env.wasm.numThreads = threads
    const session = await ort.InferenceSession.create(bytes, {
      executionProviders: [provider],
      graphOptimizationLevel: 'all',
    }).catch((cause: unknown) => {
      throw provider === 'webgpu' ? missing(cause) : cause
    })
    return {
      async run(inputs, donated) {
        const feeds = inputs.map(({ dtype, shape, data }, i) => [names[i]!, new ort.Tensor(dtype, data as Float32Array, [...shape])]) // biome-ignore format: one line
        const results = await session.run(Object.fromEntries(feeds))
        for (const tensor of donated) tensor.release()
        return outputs.map(([name, { dtype, shape }]) => new HostTensor(dtype, shape, results[name]!.data as TensorData[DType])) // biome-ignore format: one line
      },
      release: () => session.release(),
    }
  }
