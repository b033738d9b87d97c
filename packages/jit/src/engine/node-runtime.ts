import { createRequire } from 'node:module'
import { RevflowError } from '@revflow/core'
import type * as ort from 'onnxruntime-node'

const require = createRequire(import.meta.url)
let loaded: typeof ort | undefined
const firstLine = (error: unknown) => (error as Error).message.split('\n')[0]!

/** onnxruntime-node, loaded when it is first needed. @throws RevflowError (`engine-missing`) where it has no library for this platform */
export function onnxRuntime(): typeof ort {
  try {
    loaded ??= require('onnxruntime-node') as typeof ort
    return loaded
  } catch (cause) {
    throw new RevflowError(
      {
        code: 'engine-missing',
        path: "engine 'onnx'",
        expected: `onnxruntime-node with its library for ${process.platform}-${process.arch}`,
        received: firstLine(cause),
        hint: "install onnxruntime-node 1.30 on a platform that it supports, or use { engine: 'eager' }",
      },
      { cause },
    )
  }
}

/** What to install so that a provider can be loaded. */
const NEEDS = {
  cuda: 'an NVIDIA GPU with CUDA 12 and cuDNN 9, and the libraries that onnxruntime-node downloads when its install script is allowed to run',
  webgpu: 'a GPU with a driver for Vulkan, Metal or Direct3D 12',
} as const

/** Says what an execution provider that ONNX Runtime could not load needs. */
export const missingProvider = (provider: keyof typeof NEEDS, cause: unknown): RevflowError =>
  new RevflowError(
    {
      code: 'engine-missing',
      path: `engine '${provider}'`,
      expected: NEEDS[provider],
      received: firstLine(cause),
      hint: "leave `engine` out to compute on the CPU; 'revflow doctor' says which engines work here",
    },
    { cause },
  )
