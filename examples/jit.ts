// A training step of TensorFlow.js, as it is and compiled: the same function, the same numbers.
//   npx -y pnpm@12 example examples/jit.ts
import { createRng } from '@revflow/core'
import { HostTensor, jit } from '@revflow/jit'
import { adam, mlp, valueAndGrads } from '@revflow/nn'
import * as tf from '@tensorflow/tfjs'

const network = mlp({ inputs: [2], hidden: [128, 128], outputs: 1, activation: 'silu' })
const optimizer = adam({ learningRate: 1e-2 })

/** State in, state out; the gradient is traced along with the rest. */
function step(state: State, x: tf.Tensor2D, y: tf.Tensor2D) {
  const { value: loss, grads } = valueAndGrads(
    (params) => tf.mean(tf.square(tf.sub(network.apply(params, [x]), y))) as tf.Scalar,
    state.params,
  )
  const next = optimizer.update({ grads, state: state.moments, params: state.params })
  return { state: { params: next.params, moments: next.state } as State, loss }
}
const init = () => {
  const params = network.init(createRng(0))
  return { params, moments: optimizer.init(params) }
}
type State = ReturnType<typeof init>

// learn sin(3 a) · b
const rows = 256
const inputs = createRng(1).fillUniform(new Float32Array(2 * rows), -1, 1)
const x = HostTensor.from(inputs, [rows, 2])
const y = HostTensor.from(
  Float32Array.from({ length: rows }, (_, i) => Math.sin(3 * inputs[2 * i]!) * inputs[2 * i + 1]!),
  [rows, 1],
)

const steps = Number(process.env.STEPS ?? 100)
const speeds: number[] = []
for (const engine of ['eager', 'onnx'] as const) {
  const compiled = jit(step, { engine, donate: [0] })
  let { state, loss } = await compiled(init(), x, y) // the first call compiles
  const began = performance.now()
  for (let i = 0; i < steps; i++) ({ state, loss } = await compiled(state, x, y))
  const milliseconds = (performance.now() - began) / steps
  speeds.push(milliseconds)
  console.log(`${engine.padEnd(5)}  ${milliseconds.toFixed(2)} ms a step, loss ${loss.data[0]!.toExponential(3)}`)
  await compiled.dispose()
}
console.log(
  `compiled, ${(speeds[0]! / speeds[1]!).toFixed(1)} times as fast (TensorFlow.js ${tf.getBackend()} backend)`,
)
