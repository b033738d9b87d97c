import { exportOnnx, HostTensor, jit } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import { beforeEach, describe, expect, it } from 'vitest'
import { nativeRuntime } from '../src/engine/native-runtime.ts'
import { nodeSession } from '../src/engine/node-session.ts'
import { onnxEngine } from '../src/engine/onnx.ts'
import { jitted } from '../src/jit.ts'

beforeEach(() => tf.setBackend('cpu').then(() => undefined))
const options = { threads: 1, flushDenormals: false }

describe('native sessions', () => {
  it('give the numbers of onnxruntime-node, to the last bit', async () => {
    const step = (state: { w: tf.Tensor2D; n: tf.Scalar; on: tf.Tensor1D }, x: tf.Tensor2D) => ({
      w: tf.add(state.w, tf.tanh(tf.matMul(x, state.w))),
      n: tf.add(state.n, tf.scalar(1, 'int32')),
      on: tf.logicalNot(state.on),
    })
    const engines = [
      jit(step, { threads: 1 }),
      jitted(onnxEngine('onnx', nodeSession({ provider: 'cpu', ...options })), step, {
        donate: [],
        specialisations: 8,
      }),
    ]
    const numbers = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1))
    const given = [
      {
        w: HostTensor.from(numbers(64), [8, 8]),
        n: new HostTensor('int32', [], Int32Array.of(41)),
        on: new HostTensor('bool', [3], Uint8Array.of(1, 0, 1)),
      },
      HostTensor.from(numbers(64).reverse(), [8, 8]),
    ] as never
    const [native, binding] = await Promise.all(engines.map((fn) => fn(...(given as [never, never]))))
    expect(native).toEqual(binding)
    expect([...(native!.n as unknown as HostTensor).data, ...(native!.on as unknown as HostTensor).data]).toEqual([
      42, 0, 1, 0,
    ])
    for (const fn of engines) await fn.dispose()
  })

  it('take one array in two shapes, parts of a buffer, and arrays without elements', async () => {
    const product = jit((a: tf.Tensor2D, b: tf.Tensor2D) => tf.matMul(a, b))
    const data = Float32Array.of(1, 2, 3)
    expect([...(await product(HostTensor.from(data, [1, 3]), HostTensor.from(data, [3, 1]))).data]).toEqual([14])
    const buffer = Float32Array.of(9, 1, 2, 3, 9)
    const part = HostTensor.from(buffer.subarray(1, 4), [1, 3])
    expect([...(await product(part, HostTensor.from(data, [3, 1]))).data]).toEqual([14])
    const none = await product(HostTensor.from(new Float32Array(0), [0, 3]), HostTensor.from(data, [3, 1]))
    expect(none).toMatchObject({ shape: [0, 1], data: new Float32Array(0) })
    const zeros = await product(
      HostTensor.from(new Float32Array(0), [2, 0]),
      HostTensor.from(new Float32Array(0), [0, 2]),
    )
    expect([...zeros.data]).toEqual([0, 0, 0, 0])
    await product.dispose()
  })

  it('keep what every call uses beside what each call brings', async () => {
    const sum = jit(
      (constant: tf.Tensor1D, state: { x: tf.Tensor1D }, x: tf.Tensor1D) => ({
        state: { x: tf.add(tf.add(constant, state.x), x) },
        twice: tf.mul(x, 2),
      }),
      { donate: [1] },
    )
    const constant = HostTensor.from([1, 2])
    const brought: HostTensor[] = []
    let state: { readonly x: HostTensor } = { x: HostTensor.from([0, 0]) }
    for (let i = 1; i <= 50; i++) {
      brought.push(HostTensor.from([i, i]))
      const result = await sum(constant, state, brought.at(-1)!)
      state = result.state
      brought.push(result.twice)
      expect([...state.x.data, ...result.twice.data]).toEqual([
        i + (i * (i + 1)) / 2,
        2 * i + (i * (i + 1)) / 2,
        2 * i,
        2 * i,
      ])
    }
    expect(new Set(brought.map(({ data }) => data.buffer)).size).toBe(100)
    await sum.dispose()
  })

  it('follow arrays that the collector would move', async () => {
    const double = jit((x: tf.Tensor1D) => tf.mul(x, 2))
    // up to 64 bytes an array lies in the heap of JavaScript at first
    const x = HostTensor.from(new Float32Array(4))
    let garbage: unknown[] = []
    for (let i = 0; i < 300; i++) {
      x.data.fill(i)
      garbage = Array.from({ length: 2000 }, (_, k) => ({ k, garbage: garbage.length }))
      expect([...(await double(x)).data]).toEqual([2 * i, 2 * i, 2 * i, 2 * i])
    }
    await double.dispose()
  })

  it('say that memory is gone, and that a function was disposed of, in place of reading on', async () => {
    const double = jit((x: tf.Tensor1D) => tf.mul(x, 2))
    const x = HostTensor.from(new Float32Array(100))
    await double(x)
    structuredClone(x.data, { transfer: [x.data.buffer as ArrayBuffer] })
    await expect(double(x)).rejects.toThrow('tensor of shape [100]: expected an array of 100 elements')
    const y = HostTensor.from([1, 2])
    expect([...(await double(y)).data]).toEqual([2, 4])
    await double(HostTensor.from(new Float32Array(100)))
    // calls under way are waited for
    const [late] = await Promise.all([double(y), double.dispose()])
    expect([...late.data]).toEqual([2, 4])
    const bytes = exportOnnx((x: tf.Tensor1D) => ({ y: tf.mul(x, 2) }), { shape: [2] })
    const session = nativeRuntime().open({ bytes, inputs: ['0'], outputs: [['out/y', y]] }, { threads: 1 })
    const result = HostTensor.from([0, 0])
    session.run([y], [result])
    expect([...result.data]).toEqual([2, 4])
    session.release()
    session.release()
    expect(() => session.run([y], [result])).toThrow('a compiled function: expected one that is in use')
  })
})
