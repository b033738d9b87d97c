import { HostTensor } from '../host-tensor.ts'
import { BufferPool } from './buffer-pool.ts'
import { type NativeRuntime, type NativeSessionOptions, nativeRuntime } from './native-runtime.ts'
import { nodeSession } from './node-session.ts'
import type { Model, Session } from './onnx.ts'

/** Opens sessions on the CPU: native ones, or where koffi does not work those of onnxruntime-node, slower for small graphs. */
export const cpuSession = (options: Required<NativeSessionOptions>) => async (model: Model) =>
  nativeSession(model, options) ?? nodeSession({ provider: 'cpu', ...options })(model)

function nativeSession(model: Model, options: NativeSessionOptions): Session | undefined {
  let runtime: NativeRuntime
  try {
    runtime = nativeRuntime()
  } catch {
    return undefined
  }
  const session = runtime.open(model, options)
  const specs = model.outputs.map(([, spec]) => spec)
  const pool = new BufferPool(specs)
  return {
    async run(inputs, donated) {
      // computing blocks the thread: timers, signals and finalisers have their turn before
      await new Promise((resolve) => setImmediate(resolve))
      const results = specs.map((spec) => new HostTensor(spec.dtype, spec.shape, pool.take(spec)))
      session.run(inputs, results)
      for (const tensor of donated) pool.give(tensor)
      return results
    },
    release: async () => session.release(),
  }
}
