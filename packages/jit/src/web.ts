import { parseOptions } from '@revflow/core'
import { z } from 'zod'
import { eagerEngine } from './engine/eager.ts'
import { onnxEngine } from './engine/onnx.ts'
import { webSession } from './engine/web-session.ts'
import { type Jitted, jitted, sharedOptions } from './jit.ts'

export * from './shared.ts'

/** The options of jit() in a browser, checked. */
export const jitOptionsSchema = z.strictObject({
  /**
   * `onnx`: one compiled graph in WebAssembly; `webgpu`: the same graph on the GPU; `eager`: the function as it is, on
   * the current TensorFlow.js backend.
   */
  engine: z.enum(['onnx', 'webgpu', 'eager']).default('onnx'),
  ...sharedOptions,
})
/** The options of jit() in a browser. */
export type JitOptions = z.input<typeof jitOptionsSchema>

/**
 * What jit() of `@revflow/jit` is, on onnxruntime-web: for browsers.
 * @throws RevflowError as that does
 */
export function jit<A extends readonly unknown[], R>(fn: (...trees: A) => R, options: JitOptions = {}): Jitted<A, R> {
  const { engine, ...shared } = parseOptions(jitOptionsSchema, options, 'jit')
  if (engine === 'eager') return jitted(eagerEngine, fn, shared)
  return jitted(onnxEngine(engine, webSession({ provider: engine === 'onnx' ? 'wasm' : engine })), fn, shared)
}
