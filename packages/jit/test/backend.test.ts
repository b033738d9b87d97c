import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import '@revflow/jit/backend'
import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let before = 0
beforeEach(async () => {
  await tf.setBackend('revflow')
  before = tf.memory().numTensors
})
afterEach(() => expect(tf.memory().numTensors).toBe(before))
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
/** Bytes of typed arrays that are still referred to. */
function bytesHeld(): number {
  // twice: what a collection finds is counted off by a thread of its own, which the next one waits for
  collect()
  collect()
  return process.memoryUsage().arrayBuffers
}
const dataIds = () => tf.backend().numDataIds()

describe("backend 'revflow'", () => {
  it('computes what is asked for, synchronously and by promise', async () => {
    const [x, y] = tf.tidy(() => {
      const a = tf.tensor2d([1, 2, 3, 4], [2, 2])
      return [tf.matMul(a, a), tf.tanh(tf.sum(a))] as const
    })
    expect([...x.dataSync()]).toEqual([7, 10, 15, 22])
    expect((await y.data())[0]).toBeCloseTo(Math.tanh(10), 6)
    tf.dispose([x, y])
  })

  it('does not see what the caller writes into an array afterwards, nor lets a reader change what is recorded', () => {
    tf.tidy(() => {
      const values = Float32Array.of(1, 2)
      const x = tf.tensor1d(values)
      const y = tf.mul(x, 10)
      values.fill(0)
      expect([...y.dataSync()]).toEqual([10, 20])
      expect([...x.dataSync()]).toEqual([1, 2])
      // read before it is recorded, after, and as a result
      const before = x.dataSync()
      const z = tf.mul(x, 10)
      before.fill(0)
      x.dataSync().fill(0)
      y.dataSync().fill(0)
      expect([...z.dataSync()]).toEqual([10, 20])
      expect([...tf.add(x, y).dataSync()]).toEqual([11, 22])
    })
  })

  it('keeps types, empty tensors and scalars', () => {
    tf.tidy(() => {
      expect(tf.greater([1, 3], [2, 2]).dtype).toBe('bool')
      expect([...tf.greater([1, 3], [2, 2]).dataSync()]).toEqual([0, 1])
      expect(tf.add(tf.tensor1d([1], 'int32'), tf.tensor1d([2], 'int32')).dtype).toBe('int32')
      expect(tf.concat([tf.zeros([0, 3]), tf.ones([1, 3])]).shape).toEqual([1, 3])
      expect(tf.mul(tf.zeros([0, 3]), 2).dataSync()).toHaveLength(0)
      expect(tf.sum(tf.zeros([0])).dataSync()[0]).toBe(0)
      expect(tf.scalar(3).square().dataSync()[0]).toBe(9)
    })
  })

  it('trains with an optimiser of TensorFlow.js and holds no more tensors at the end', () => {
    const w = tf.tidy(() => tf.variable(tf.zeros([3, 1])))
    const optimiser = tf.train.adam(0.1)
    const x = tf.tensor2d([1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1], [4, 3])
    const y = tf.tensor2d([1, -2, 0.5, -0.5], [4, 1])
    const loss = () => tf.losses.meanSquaredError(y, tf.matMul(x, w as unknown as tf.Tensor2D)) as tf.Scalar
    const counts: number[] = []
    for (let i = 0; i < 200; i++) {
      optimiser.minimize(loss)
      if (i % 20 === 0) w.dataSync()
      if (i >= 100) counts.push(dataIds())
    }
    expect(new Set(counts).size).toBe(1)
    const found = w.dataSync()
    for (const [i, value] of [1, -2, 0.5].entries()) expect(found[i]).toBeCloseTo(value, 1)
    optimiser.dispose()
    tf.dispose([w, x, y])
  })

  it('runs by itself what nobody asks for, before it grows without bound', () => {
    tf.tidy(() => {
      let x: tf.Tensor = tf.scalar(0)
      for (let i = 0; i < 5000; i++) {
        const next = tf.add(x, 1)
        x.dispose()
        x = next
      }
      expect(x.dataSync()[0]).toBe(5000)
    })
  })

  it('names an operation that it lacks, and goes on working', () => {
    expect(() => tf.tidy(() => tf.diag(tf.tensor1d([1, 2])))).toThrow(
      "Kernel 'Diag' not registered for backend 'revflow'",
    )
    expect(() => tf.tidy(() => tf.add(tf.tensor1d(['a', 'b']), tf.tensor1d(['c', 'd'])))).toThrow('string')
    tf.tidy(() => {
      expect([...tf.neg([1, 2]).dataSync()]).toEqual([-1, -2])
    })
  })

  it.each([false, true])(
    'loses only what depends on a computation that failed (others read first: %s)',
    (othersFirst) => {
      tf.tidy(() => {
        const [x, index] = [tf.tensor1d([1, 2]), tf.tensor1d([7], 'int32')]
        const good = tf.mul(x, 3)
        const bad = tf.gather(x, index)
        const worse = tf.add(bad, good)
        const better = tf.add(good, 1)
        if (othersFirst) expect([...good.dataSync()]).toEqual([3, 6])
        else expect(() => bad.dataSync()).toThrow(/indices element out of data bounds/)
        expect([...better.dataSync()]).toEqual([4, 7])
        expect([...good.dataSync()]).toEqual([3, 6])
        for (const lost of [bad, worse]) {
          expect(() => lost.dataSync()).toThrow(/whose computation failed before.*indices element out of data bounds/)
          expect(() => tf.add(lost, 1)).toThrow('whose computation failed before')
        }
        expect([...tf.neg([1, 2]).dataSync()]).toEqual([-1, -2])
      })
    },
  )

  it.each([false, true])('lets go of tensors that are disposed of (something recorded stays alive: %s)', (alive) => {
    const before = bytesHeld()
    let sum: tf.Tensor = tf.scalar(0)
    for (let i = 0; i < 60; i++) {
      tf.tidy(() => tf.square(tf.tensor1d(new Float32Array(1e6).fill(i)))).dispose()
      if (!alive) continue
      const next = tf.tidy(() => tf.add(sum, tf.sum(tf.tensor1d(new Float32Array(1e6).fill(i)))))
      sum.dispose()
      sum = next
    }
    // 2^26 bytes and the tensor that is one too many
    expect(bytesHeld() - before).toBeLessThan(alive ? 8e7 : 8e6)
    expect(sum.dataSync()[0]! / 1.77e9).toBeCloseTo(alive ? 1 : 0, 6)
    sum.dispose()
  })

  it('takes over tensors of another backend, and gives its own', async () => {
    await tf.setBackend('cpu')
    const a = tf.tensor1d([1, 2])
    await tf.setBackend('revflow')
    const b = tf.mul(a, 3)
    await tf.setBackend('cpu')
    const c = tf.add(b, 1)
    expect([...c.dataSync()]).toEqual([4, 7])
    tf.dispose([a, b, c])
    await tf.setBackend('revflow')
  })

  it('measures time', async () => {
    const x = tf.ones([100, 100]) as tf.Tensor2D
    const { kernelMs } = (await tf.time(() => tf.matMul(x, x).dispose())) as { kernelMs: number }
    expect(kernelMs).toBeGreaterThanOrEqual(0)
    x.dispose()
  })
})
