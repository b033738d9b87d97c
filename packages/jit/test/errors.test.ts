import { HostTensor, jit } from '@revflow/jit'
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
