import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { RevflowError } from '@revflow/core'
import type { JitOptions } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'

const require = createRequire(import.meta.url)

/** How updates and actions are computed: compiled by ONNX Runtime, or eagerly on a backend of TensorFlow.js. */
export const ENGINES = ['onnx', 'cuda', 'webgpu', 'tensorflow', 'wasm', 'cpu'] as const
export type EngineName = (typeof ENGINES)[number]

/** The engine of jit() that this is. */
export const jitEngine = (name: EngineName): NonNullable<JitOptions['engine']> =>
  name === 'onnx' || name === 'cuda' || name === 'webgpu' ? name : 'eager'

/** Makes TensorFlow.js ready for an engine. @throws RevflowError (`engine-missing`) where a package or its binding is */
export async function prepareEngine(name: EngineName): Promise<void> {
  // at its first tensor TensorFlow.js advertises an engine for Node, whichever runs
  tf.env().set('PROD', true)
  if (name === 'tensorflow') await loadTensorflow()
  if (name === 'wasm') await loadWasm()
  await tf.setBackend(jitEngine(name) === 'eager' ? name : 'cpu')
}

/** Loads the wasm backend: only when it is asked for, as it makes itself TensorFlow.js's first choice. */
async function loadWasm(): Promise<void> {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm')
  setWasmPaths(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + sep)
}

/** Loads TensorFlow's native backend: that of a GPU if it is there, else that of the CPU. */
async function loadTensorflow(): Promise<void> {
  const reasons = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'].map((name) => [name, whyNot(name)] as const)
  const found = reasons.find(([, reason]) => reason === undefined)
  if (!found) throw noBinding(reasons.map(([name, reason]) => `${name} ${reason}`).join(', '))
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2' // without what TensorFlow says of the processor
  await import(found[0]).catch((cause: Error) => {
    // such as a library of CUDA that is not there
    throw noBinding(`${found[0]} with one that does not load: ${cause.message.split('\n')[0]}`, cause)
  })
}

const noBinding = (received: string, cause?: Error) =>
  new RevflowError(
    {
      code: 'engine-missing',
      path: "engine 'tensorflow'",
      expected: 'a package of TensorFlow.js for Node with its native binding',
      received,
      hint: '`pnpm native:tfjs` gets the binding, or compiles it where it cannot be downloaded; `pnpm native:tfjs gpu` gets that for a GPU',
    },
    { cause },
  )

/** Looked up, not tried: a package without its binding registers itself before it fails. */
function whyNot(name: string): string | undefined {
  try {
    const folder = dirname(require.resolve(`${name}/package.json`))
    return existsSync(join(folder, 'lib/napi-v8/tfjs_binding.node')) ? undefined : 'without one'
  } catch {
    return 'not installed'
  }
}
