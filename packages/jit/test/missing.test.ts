import { jit } from '@revflow/jit'
import '@revflow/jit/backend'
import { HostTensor } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

// onnxruntime-node chooses its library by the processor: one that it has none for leaves it as an installation without.
const { arch } = process
beforeAll(() => Object.defineProperty(process, 'arch', { value: 'mips' }))
afterAll(() => Object.defineProperty(process, 'arch', { value: arch }))

const double = (x: tf.Tensor) => tf.mul(x, 2)
const MESSAGE = `engine 'onnx': expected onnxruntime-node with its library for ${process.platform}-mips, received Cannot find module`

describe('without the native library of onnxruntime-node', () => {
  it('jit says what is missing at the first call, and computes eagerly', async () => {
    const x = HostTensor.from([1, 2])
    const compiled = jit(double)
    await expect(compiled(x)).rejects.toMatchObject({ code: 'engine-missing' })
    await expect(compiled(x)).rejects.toThrow(MESSAGE)
    await tf.setBackend('cpu')
    expect([...(await jit(double, { engine: 'eager' })(x)).data]).toEqual([2, 4])
  })

  it('the backend says so when it is used', async () => {
    await tf.setBackend('revflow')
    expect(() => tf.tidy(() => double(tf.tensor1d([1, 2])).dataSync())).toThrow(MESSAGE)
    await tf.setBackend('cpu')
  })
})
