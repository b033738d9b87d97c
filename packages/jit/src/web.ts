import { parseOptions } from '@revflow/core'
import { z } from 'zod'
import { eagerEngine } from './engine/eager.ts'
import { onnxEngine } from './engine/onnx.ts'
import { webSession } from './engine/web-session.ts'
import { type Jitted, jitted, sharedOptions } from './jit.ts'

export * from './shared.ts'

/** The schema {@link jit} parses its options by. */
export const jitOptionsSchema = z.strictObject({
  /**
   * `onnx`: one compiled graph in WebAssembly; `webgpu`: the same graph on the GPU; `eager`: the function as it is, on
   * the current TensorFlow.js backend.
   */
  engine: z.enum(['onnx', 'webgpu', 'eager']).default('onnx'),
  /**
   * Threads of WebAssembly, as many for all functions as the first that is compiled asks for; 0: onnxruntime-web's
   * choice. More than one needs a page that is cross-origin isolated.
   */
  threads: z.int().nonnegative().default(0),
  ...sharedOptions,
})
/** Options of {@link jit}, each with a default. */
export type JitOptions = z.input<typeof jitOptionsSchema>

/**
 * What jit() of `@revflow/jit` is, on onnxruntime-web: for browsers.
 * @throws RevflowError as that does
 */
export function jit<A extends readonly unknown[], R>(fn: (...trees: A) => R, options: JitOptions = {}): Jitted<A, R> {
  const { engine, threads, ...shared } = parseOptions(jitOptionsSchema, options, 'jit')
  if (engine === 'eager') return jitted(eagerEngine, fn, shared)
  return jitted(onnxEngine(engine, webSession({ provider: engine === 'onnx' ? 'wasm' : engine, threads })), fn, shared)
}
