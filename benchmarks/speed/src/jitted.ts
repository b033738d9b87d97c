import { flattenTree, type Tree } from '@revflow/core'
import { HostTensor, jit } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import { type Contestant, isCompared, timeBlock } from './contestant.ts'

type State = Tree<HostTensor>
type Step = (state: State, batch: unknown, noise: unknown) => Promise<{ state: State; metrics: State }>
interface Fn {
  dispose(): Promise<void>
}

export interface JittedOptions {
  readonly name: string
  /** Threads of the compiled engine; without, eager on `backend`. */
  readonly threads?: number
  readonly backend?: string
}

/** Our updates: compiled, or eager on a backend of TensorFlow.js. */
export function jitted({ name, threads, backend = 'cpu' }: JittedOptions): Contestant {
  const options = threads === undefined ? ({ engine: 'eager' } as const) : ({ engine: 'onnx', threads } as const)
  const held = new Set<Fn>()
  let update: (n: number) => Promise<unknown>
  let policy: () => Promise<unknown>
  let state: State
  let draw: (step: unknown) => Promise<HostTensor>
  const hold = <F extends Fn>(fn: F): F => {
    held.add(fn)
    return fn
  }
  const free = async () => {
    for (const fn of held) await fn.dispose()
    held.clear()
  }

  return {
    name,
    async setup({ algorithm, batch, noise, state: initial }) {
      await free()
      await tf.setBackend(backend)
      const fn = hold(jit(algorithm.update, { ...options, donate: [0] }))
      const step = fn as unknown as Step
      const start = performance.now()
      const first = await step(initial(), batch, noise)
      const compileMs = performance.now() - start
      state = first.state
      // copied: the arrays of a state are written by later updates
      const outputs = flattenTree<HostTensor>({ state: first.state, metrics: first.metrics }).flatMap(
        ([path, { data }]) => (isCompared(path) ? [[path, data.slice()] as const] : []),
      )
      update = async () => {
        state = (await step(state, batch, noise)).state
      }
      const act = hold(
        jit(
          (s: never, { observation, noise: given }: { observation: tf.Tensor2D; noise: Record<string, tf.Tensor> }) =>
            algorithm.act('sample', s, observation, given),
          options,
        ),
      )
      draw = (given) => act(state as never, given as never) as Promise<HostTensor>
      const { flops } = fn.stats().specialisations[0] ?? {}
      return { compileMs, outputs: new Map(outputs), ...(flops && { flops }) }
    },
    async run(n) {
      await tf.setBackend(backend)
      return timeBlock(n, () => update(n))
    },
    async setupPolicy(step) {
      policy = () => draw(step)
      return (await draw(step)).data
    },
    runPolicy: (n) => timeBlock(n, policy),
    async products(n, rows, hidden) {
      const multiply = jit((x: tf.Tensor2D, w: tf.Tensor2D) => {
        let y = x
        for (let i = 0; i < 5; i++) y = tf.matMul(y, w)
        return tf.max(y, 1)
      }, options)
      const x = HostTensor.from(new Float32Array(rows * hidden).fill(1), [rows, hidden])
      const w = HostTensor.from(new Float32Array(hidden ** 2).fill(1 / hidden), [hidden, hidden])
      await multiply(x, w)
      const block = await timeBlock(n, () => multiply(x, w))
      await multiply.dispose()
      return block
    },
    close: free,
  }
}
