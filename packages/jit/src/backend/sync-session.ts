import { createRequire } from 'node:module'
import { RevflowError } from '@revflow/core'
import type * as ort from 'onnxruntime-node'
import { onnxRuntime } from '../engine/node-runtime.ts'

/**
 * ONNX Runtime's public API answers by promises only, though it computes on the calling thread all the same. `dataSync()`
 * needs the numbers at once, so this file, and no other, uses the native session that onnxruntime-node keeps inside
 * (`dist/binding.js`, as of 1.30).
 */
interface Binding {
  readonly InferenceSession: new () => NativeSession
}
interface NativeSession {
  loadModel(model: ArrayBufferLike, offset: number, length: number, options: ort.InferenceSession.SessionOptions): void
  run(
    feeds: Record<string, ort.Tensor>,
    fetches: Record<string, null>,
    options: Record<string, never>,
  ): Record<string, ort.Tensor>
  dispose(): void
}

let session: Binding['InferenceSession'] | undefined

/** @throws RevflowError (`engine-missing`) where onnxruntime-node, or such a session inside it, is missing */
function nativeSession(): Binding['InferenceSession'] {
  if (session) return session
  const { env } = onnxRuntime()
  try {
    const { binding, initOrt } = createRequire(import.meta.url)('onnxruntime-node/dist/binding.js') as {
      binding: Binding
      initOrt(): void
    }
    initOrt()
    session = binding.InferenceSession
  } catch (cause) {
    throw new RevflowError(
      {
        code: 'engine-missing',
        path: "backend 'revflow'",
        expected: 'the synchronous session inside onnxruntime-node 1.30',
        received: `onnxruntime-node ${env.versions.node ?? 'of an unknown version'} without it`,
        hint: 'install onnxruntime-node 1.30, or use jit(), which needs only its public interface',
      },
      { cause },
    )
  }
  return session
}

/** A model that runs synchronously. */
export class SyncSession {
  readonly #session: NativeSession

  constructor(model: Uint8Array, options: ort.InferenceSession.SessionOptions) {
    const Session = nativeSession()
    this.#session = new Session()
    this.#session.loadModel(model.buffer, model.byteOffset, model.byteLength, options)
  }

  /** The outputs called `names`. */
  run(feeds: Record<string, ort.Tensor>, names: readonly string[]): Record<string, ort.Tensor> {
    return this.#session.run(feeds, Object.fromEntries(names.map((name) => [name, null])), {})
  }

  dispose(): void {
    this.#session.dispose()
  }
}
