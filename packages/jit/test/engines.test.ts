import { HostTensor, jit } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'

beforeAll(() => tf.setBackend('cpu').then(() => undefined))

describe('engines on a GPU', () => {
  const program = (w: tf.Tensor2D, x: tf.Tensor2D) =>
    tf.grad((v) => tf.mean(tf.square(tf.tanh(tf.matMul(x, v as tf.Tensor2D)))))(w)
  const [w, x] = [4, 8].map((rows) =>
    HostTensor.from(
      Float32Array.from({ length: rows * 4 }, (_, i) => Math.sin(1 + 3 * i)),
      [rows, 4],
    ),
  ) as [HostTensor, HostTensor]

  it.each(['cuda', 'webgpu'] as const)('%s computes what the CPU does, or says what it needs', async (engine) => {
    const [compiled, eager] = [jit(program, { engine }), jit(program, { engine: 'eager' })]
    const found = await compiled(w, x).catch((error: unknown) => error as Error)
    if (found instanceof Error) {
      expect(found).toMatchObject({ code: 'engine-missing', path: `engine '${engine}'` })
      expect(found.message).toMatch(engine === 'cuda' ? 'an NVIDIA GPU with CUDA 12' : 'a GPU with a driver')
      return
    }
    const { data } = await eager(w, x)
    for (const [i, value] of [...found.data].entries()) expect(value).toBeCloseTo(data[i]!, 4)
    expect(compiled.stats().engine).toBe(engine)
    await compiled.dispose()
  })
})
