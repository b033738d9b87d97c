import { exportOnnx, HostTensor, jit } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'

beforeAll(() => tf.setBackend('cpu').then(() => undefined))

const x = HostTensor.from([1, 2])

describe('an error while tracing', () => {
  const READERS: Record<string, (t: tf.Tensor) => unknown> = {
    dataSync: (t) => t.dataSync(),
    data: (t) => t.data(),
    array: (t) => t.array(),
    'dataSync inside of callbacks': (t) => tf.tidy(() => [t].map((y) => y.dataSync())[0]!.length && t),
    'what TensorFlow.js reads itself': (t) => tf.whereAsync(tf.greater(t, 0)),
    print: (t) => t.print(),
  }
  it.each(Object.entries(READERS))('names the line of the caller: %s', async (_, read) => {
    const lines: string[] = []
    const compiled = jit((t: tf.Tensor) => {
      const kept = tf.neg(t)
      const result = (async () => read(kept))()
      result.catch((error: Error) => lines.push(error.message))
      return kept
    })
    await compiled(x)
    await compiled.dispose()
    await new Promise((resolve) => setTimeout(resolve))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/its numbers being read while tracing, at .*errors\.test\.ts:\d+/)
  })

  it('names the variable that would be assigned, which keeps its numbers', async () => {
    const w = tf.variable(tf.tensor([2, 2]), true, 'w')
    const optimizer = tf.train.sgd(0.1)
    const step = jit((t: tf.Tensor) => optimizer.minimize(() => tf.sum(tf.mul(tf.square(w), t)), true, [w])!)
    await expect(step(x)).rejects.toThrow(
      "variable 'w': expected a function without side effects, received a new value",
    )
    expect([...w.dataSync()]).toEqual([2, 2])
    w.assign(tf.tensor([1, 1]))
    expect([...w.dataSync()]).toEqual([1, 1])
    w.dispose()
    // one of the function's own is nobody else's
    const own = jit((t: tf.Tensor) => {
      const v = tf.variable(t)
      v.assign(tf.neg(v))
      return tf.add(v, 1)
    })
    expect([...(await own(x)).data]).toEqual([0, -1])
  })

  it('says of a value read after its trace that it was kept', async () => {
    let kept: tf.Tensor | undefined
    await jit((t: tf.Tensor) => {
      kept = tf.keep(tf.neg(t))
      return t
    })(x)
    expect(() => tf.add(kept!, 1).dataSync()).toThrow('received one kept from an earlier trace')
  })

  it('names the argument or result that is no tree of tensors, and what to do', async () => {
    const list = jit((ts: tf.Tensor[]) => tf.addN(ts))
    await expect(list([x, x] as never)).rejects.toThrow(
      'argument 0: expected a HostTensor or a TensorFlow.js tensor, received an array; trees are plain records',
    )
    await expect(jit((t: tf.Tensor) => ({ parts: tf.split(t, 2) }))(x)).rejects.toThrow(
      "result 'parts': expected a tensor, received an array; trees are plain records",
    )
    await expect(jit((_: tf.Tensor) => ({}))(x)).rejects.toThrow('result: expected a tensor, received undefined')
    await expect(jit((t: tf.Tensor, _: tf.Tensor) => t)(x, tf.tensor(['a']))).rejects.toThrow(
      'argument 1: expected one of float32',
    )
  })

  it('refuses types that are no trees before anything runs', () => {
    // @ts-expect-error an argument that is a list
    void (() => jit((ts: tf.Tensor[]) => tf.addN(ts))([x]))
    // @ts-expect-error an argument that is a number
    void (() => jit((t: tf.Tensor, k: number) => tf.mul(t, k))(x, 3))
    // @ts-expect-error a result that is a number
    void (async (): Promise<number> => jit((t: tf.Tensor) => t.size)(x))
    // @ts-expect-error a result that is a promise
    void (async () => (await jit(async (t: tf.Tensor) => tf.neg(t))(x)).data)
    // @ts-expect-error a specification that is a list
    void (() => exportOnnx((ts: tf.Tensor[]) => tf.addN(ts), [{ shape: [1] }]))
  })

  it('names the operation that has no strings', async () => {
    const strings = () => tf.tensor1d(['a', 'b'])
    const programs: [(t: tf.Tensor) => tf.Tensor, string][] = [
      [() => tf.equal(strings(), strings()), "operation 'Equal', operand 'a'"],
      [() => tf.concat([strings(), strings()]), "operation 'Concat', operand '0'"],
      [() => tf.fill([2], 'a'), "operation 'Fill'"],
      [strings, 'result'],
    ]
    for (const [program, named] of programs)
      await expect(jit(program)(x)).rejects.toThrow(`${named}: expected one of float32, int32, bool, received string`)
    // read while tracing, they are known
    expect([...(await jit((t: tf.Tensor) => tf.mul(t, strings().dataSync().length))(x)).data]).toEqual([2, 4])
  })
})

describe('a tensor on the host', () => {
  it('refuses shapes that are none, and numbers of another type', () => {
    for (const shape of [[-1, -1], [0.5, 2], [Number.NaN]])
      expect(() => HostTensor.from([1], shape)).toThrow(/shape|elements/)
    expect(() => new HostTensor('int32', [1], new Float32Array(1) as never)).toThrow(
      'expected Int32Array for int32, received Float32Array',
    )
  })
})
