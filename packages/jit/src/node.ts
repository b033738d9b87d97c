import { parseOptions } from '@revflow/core'
import { z } from 'zod'
import { cpuSession } from './engine/cpu-session.ts'
import { eagerEngine } from './engine/eager.ts'
import { nodeSession } from './engine/node-session.ts'
import { onnxEngine } from './engine/onnx.ts'
import { type Jitted, jitted, sharedOptions } from './jit.ts'

/** The schema {@link jit} parses its options by. */
export const jitOptionsSchema = z.strictObject({
  /**
   * `onnx`: one compiled graph on the CPU; `cuda`, `webgpu`: the same graph on a GPU; `eager`: the function as it is, on
   * the current TensorFlow.js backend.
   */
  engine: z.enum(['onnx', 'cuda', 'webgpu', 'eager']).default('onnx'),
  /** Threads of the onnx engine; 0: one a core. */
  threads: z.int().nonnegative().default(0),
  /**
   * Numbers too small for full precision (float32: below 1.2e-38) count as 0, which spares some processors much time. The
   * first function compiled decides for the process, and for JavaScript on the thread, where below 2.2e-308 counts as 0.
   */
  flushDenormals: z.boolean().default(false),
  ...sharedOptions,
})
/** Options of {@link jit}, each with a default. */
export type JitOptions = z.input<typeof jitOptionsSchema>

/**
 * Compiles a pure function of trees of TensorFlow.js tensors: it is traced once for each set of shapes, gradients
 * included, into one graph. Trees are nested plain records; randomness and state are arguments and results.
 * @throws RevflowError (`two-tensorflows`); while tracing: `traced-value` where the function reads numbers, `unsupported-operation`,
 *   `assigned-variable`, `escaped-value`; at a call: `not-a-tensor`, `donated`, `index-out-of-bounds`; at the first one:
 *   `engine-missing`
 * @example
 * const step = jit((state: { w: tf.Tensor2D }, x: tf.Tensor2D) => ({ w: tf.add(state.w, tf.matMul(x, x)) }), { donate: [0] })
 */
export function jit<A extends readonly unknown[], R>(fn: (...trees: A) => R, options: JitOptions = {}): Jitted<A, R> {
  const { engine, threads, flushDenormals, ...shared } = parseOptions(jitOptionsSchema, options, 'jit')
  if (engine === 'eager') return jitted(eagerEngine, fn, shared)
  const session =
    engine === 'onnx'
      ? cpuSession({ threads, flushDenormals })
      : nodeSession({ provider: engine, threads, flushDenormals })
  return jitted(onnxEngine(engine, session), fn, shared)
}
