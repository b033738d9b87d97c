import { HostTensor, jit } from '@revflow/jit'
import '@revflow/jit/backend'
import { RevflowError } from '@revflow/core'
import * as tf from '@tensorflow/tfjs'
import { afterAll, expect, it, vi } from 'vitest'

const MISSING = new RevflowError({ code: 'engine-missing', path: 'koffi', expected: 'its library' })
vi.mock('../src/engine/native-runtime.ts', () => ({
  nativeRuntime() {
    throw MISSING
  },
}))
afterAll(() => tf.setBackend('cpu').then(() => undefined))

it('without koffi jit computes by the sessions of onnxruntime-node', async () => {
  const square = jit((state: { x: tf.Tensor1D }) => ({ x: tf.square(state.x) }), { donate: [0] })
  let state = { x: HostTensor.from([1, 2, 3]) }
  for (let i = 0; i < 2; i++) state = (await square(state as never)) as unknown as typeof state
  expect([...state.x.data]).toEqual([1, 16, 81])
  await square.dispose()
})

it('without koffi the backend says what is missing', async () => {
  await tf.setBackend('revflow')
  expect(() => tf.tidy(() => tf.square(tf.tensor1d([1, 2])).dataSync())).toThrow('koffi: expected its library')
})
