import * as tf from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import { ENGINES } from '../src/run/engine.ts'
import { revflow } from './command.ts'

it('leaves programs that import the trainer the backend of TensorFlow.js that they would have without', async () => {
  await import('../src/index.ts')
  expect(tf.findBackendFactory('wasm')).toBeNull()
  expect(tf.add(1, 2).dataSync()[0]).toBe(3)
})

describe('revflow doctor', () => {
  it('tries every engine: the default, WebAssembly and plain JavaScript work everywhere', async () => {
    const { code, output } = await revflow('doctor')
    expect(code).toBe(0)
    for (const engine of ENGINES)
      expect(output).toMatch(
        new RegExp(
          `^${engine} +(works, [\\d.]+ GFLOP/s \\(.+\\)|not here \\(.+?\\): engine '${engine}': expected)`,
          'm',
        ),
      )
    for (const [engine, library] of [
      ['onnx', 'onnxruntime-node'],
      ['wasm', '@tensorflow/tfjs-backend-wasm'],
      ['cpu', '@tensorflow/tfjs'],
    ])
      expect(output).toMatch(new RegExp(`^${engine} +works, [\\d.]+ GFLOP/s \\(${library} \\d+\\.\\d+\\.\\d+\\)$`, 'm'))
    expect(output).toMatch(/^used +onnx, the default/m)
  })
})
