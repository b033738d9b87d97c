import * as ort from 'onnxruntime-web'
import { type DType, HostTensor, type TensorData } from '../host-tensor.ts'
import type { Model, Session } from './onnx.ts'

export interface WebSessionOptions {
  readonly provider: 'wasm' | 'webgpu'
}

/** Opens sessions of onnxruntime-web, which copies what it is fed and gives results in memory of their own. */
export const webSession =
  ({ provider }: WebSessionOptions) =>
  async ({ bytes, inputs: names, outputs }: Model): Promise<Session> => {
    const session = await ort.InferenceSession.create(bytes, {
      executionProviders: [provider],
      graphOptimizationLevel: 'all',
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
