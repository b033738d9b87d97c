import { describe, expect, it } from 'vitest'
import { ENGINES } from '../src/run/engine.ts'
import { revflow } from './command.ts'

describe('revflow doctor', () => {
  it('tries every engine: the default, WebAssembly and plain JavaScript work everywhere', async () => {
    const { code, output } = await revflow('doctor')
    expect(code).toBe(0)
    for (const engine of ENGINES)
      expect(output).toMatch(
        new RegExp(`^${engine} +(works, [\\d.]+ GFLOP/s \\(.+\\)|not here: engine '${engine}': expected)`, 'm'),
      )
    for (const [engine, library] of [
      ['onnx', 'onnxruntime-node'],
      ['wasm', '@tensorflow/tfjs'],
      ['cpu', '@tensorflow/tfjs'],
    ])
      expect(output).toMatch(new RegExp(`^${engine} +works, [\\d.]+ GFLOP/s \\(${library} \\d+\\.\\d+\\.\\d+\\)$`, 'm'))
    expect(output).toMatch(/^used +onnx, the default/m)
  })
})
