import { HostTensor, jit } from '@revflow/jit'
import '@revflow/jit/backend'
import * as tf from '@tensorflow/tfjs'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'

beforeEach(() => tf.setBackend('cpu').then(() => undefined))

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)
const ramp = (shape: number[], scale = 1, seed = 1) =>
  HostTensor.from(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => scale * Math.sin(seed + 3.7 * i)),
    shape,
  )
/** Greatest difference relative to the larger of 1 and the value. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length)
  return Math.max(0, ...Array.from(a, (x, i) => Math.abs(x - b[i]!) / Math.max(1, Math.abs(x))))
}

/** Steps of random programs: every value is [3, 4], one row, one column or a scalar; none grows without bound. */
const STEPS: Record<string, (a: tf.Tensor, b: tf.Tensor, k: number) => tf.Tensor> = {
  add: (a, b) => tf.add(a, b),
  sub: (a, b) => tf.sub(a, b),
  mul: (a, b) => tf.mul(tf.tanh(a), b),
  div: (a, b) => tf.div(a, tf.add(1, tf.square(b))),
  maximum: (a, b) => tf.maximum(a, b),
  minimum: (a, b) => tf.minimum(a, b),
  where: (a, b) => tf.where(tf.greater(a, b), tf.add(a, 0.5), tf.mul(b, 0.5)),
  tanh: (a) => tf.tanh(a),
  sigmoid: (a) => tf.sigmoid(a),
  relu: (a) => tf.relu(a),
  elu: (a) => tf.elu(a),
  softplus: (a) => tf.softplus(a),
  sin: (a) => tf.sin(a),
  exp: (a) => tf.exp(tf.clipByValue(a, -2, 1)),
  sqrt: (a) => tf.sqrt(tf.add(0.5, tf.square(a))),
  log: (a) => tf.log1p(tf.square(a)),
  sumRows: (a) => tf.mul(0.3, tf.sum(full(a), 0, true)),
  meanColumns: (a) => tf.mean(full(a), 1, true),
  max: (a) => tf.max(full(a), 1, true),
  mean: (a) => tf.mean(a),
  softmax: (a) => tf.softmax(full(a)),
  logSumExp: (a) => tf.logSumExp(full(a), 1, true),
  matMul: (a, b) => tf.mul(0.2, tf.matMul(tf.matMul(full(a), full(b), false, true), full(a))),
  transpose: (a, b) => tf.transpose(tf.add(tf.transpose(full(a)), tf.transpose(full(b)))),
  reverse: (a, _, k) => tf.reverse(full(a), k % 2),
  roll: (a, _, k) => tf.concat([tf.slice(full(a), [0, k % 4]), tf.slice(full(a), [0, 0], [3, k % 4])], 1),
  shift: (a) => tf.slice(tf.pad(full(a), [[1, 0], [0, 2]]), [0, 1], [3, 4]), // biome-ignore format: the paddings read best in one line
  gather: (a, _, k) => tf.gather(full(a), tf.tensor1d([k % 3, 2, k % 2], 'int32')),
  cumsum: (a, _, k) => tf.mul(0.4, tf.cumsum(full(a), k % 2, k % 3 === 0, k % 5 === 0)),
  stack: (a, b) => tf.mean(tf.stack([full(a), full(b)]), 0),
  tile: (a) => tf.slice(tf.tile(full(a), [2, 1]), [1, 0], [3, 4]),
  split: (a) => tf.concat(tf.split(full(a), 2, 1).reverse(), 1),
  reshape: (a) => tf.reshape(tf.mul(2, tf.reshape(full(a), [2, 6])), [3, 4]),
  conv: (a, b) => tf.reshape(tf.conv1d(tf.reshape(full(a), [1, 3, 4]) as tf.Tensor3D, tf.reshape(tf.mul(0.2, tf.slice(tf.matMul(full(b), full(b), true), [0, 0])), [1, 4, 4]) as tf.Tensor3D, 1, 'same'), [3, 4]), // biome-ignore format: one line a step
  pool: (a) => tf.reshape(tf.maxPool(tf.reshape(full(a), [1, 3, 4, 1]) as tf.Tensor4D, 2, 1, 'same'), [3, 4]),
}
const full = (x: tf.Tensor): tf.Tensor2D => tf.add(x, tf.zeros([3, 4])) as tf.Tensor2D
/** Steps on int32 and bool, whose results are exact; they too stay small. */
const WHOLE_STEPS: typeof STEPS = {
  wholeAdd: (a, b) => tf.mod(tf.add(a, int(b)), int(101)),
  wholeSub: (a, b) => tf.sub(int(a), b),
  wholeMul: (a, b) => tf.mod(tf.mul(int(a), b), int(101)),
  wholeDiv: (a, b, k) => tf.floorDiv(int(a), tf.sub(int(b), int(k))),
  wholeSquare: (a) => tf.mod(tf.square(int(a)), int(13)),
  wholeMaximum: (a, b) => tf.maximum(a, b),
  wholeClip: (a, _, k) => tf.clipByValue(a, -k, Number.POSITIVE_INFINITY),
  wholeNeg: (a) => tf.neg(a),
  wholeAbs: (a) => tf.abs(a),
  wholeSum: (a, _, k) => tf.mod(tf.sum(grid(a), k % 2, true), int(101)),
  wholeCumsum: (a, _, k) => tf.mod(tf.cumsum(grid(a), k % 2, k % 3 === 0, k % 5 === 0), int(101)),
  wholeMatMul: (a, b, k) => tf.mod(tf.matMul(tf.matMul(grid(a), grid(b), false, true), k % 2 ? grid(a) : grid(b)), int(7)), // biome-ignore format: one line a step
  wholeGather: (a, b) => tf.gather(grid(a), tf.mod(tf.cast(tf.slice(tf.reshape(grid(b), [-1]), 0, 3), 'int32'), int(3)) as tf.Tensor1D), // biome-ignore format: one line a step
  wholeTopK: (a) => tf.slice(tf.concat([tf.topk(grid(a), 3).values, grid(a)], 1), [0, 0], [3, 4]),
  wholeOneHot: (a, _, k) => tf.oneHot(tf.argMax(grid(a), 1), 4, 1, 0, k % 2 ? 'int32' : 'bool'),
  wholeConcat: (a, b, k) => tf.slice(tf.concat([grid(a), grid(b)], 1), [0, k % 5], [3, 4]),
  less: (a, b) => tf.less(a, b),
  equal: (a, b) => tf.equal(a, b),
  not: (a, b) => tf.logicalNot(tf.greaterEqual(a, b)),
  xor: (a, b) => tf.logicalXor(tf.cast(a, 'bool'), tf.cast(b, 'bool')),
  anyRow: (a) => tf.any(tf.cast(grid(a), 'bool'), 1, true),
  allColumn: (a) => tf.all(tf.cast(grid(a), 'bool'), 0, true),
  wholeWhere: (a, b, k) => tf.where(tf.less(a, int(k - 5)), a, tf.cast(b, a.dtype)),
}
const int = (x: tf.Tensor | number) => tf.cast(x, 'int32')
/** Of its own type, [3, 4]. */
const grid = (x: tf.Tensor): tf.Tensor2D => tf.cast(tf.add(int(x), tf.zeros([3, 4], 'int32')), x.dtype) as tf.Tensor2D
const isWhole = ({ dtype }: tf.Tensor) => dtype !== 'float32'
const float = (x: tf.Tensor) => (isWhole(x) ? tf.mul(0.1, tf.cast(x, 'float32')) : x)

// tfjs-node, on which this file may run instead of cpu, has no bool for some of the whole steps, and clips int32 wrongly
const names = Object.keys(process.env.REVFLOW_TEST_BACKEND === 'node' ? STEPS : { ...STEPS, ...WHOLE_STEPS })
const steps = fc.array(fc.tuple(fc.constantFrom(...names), fc.nat(), fc.nat(), fc.nat(11)), {
  minLength: 3,
  maxLength: 18,
})
const inputs = [ramp([3, 4]), ramp([4], 1.3, 2), ramp([3, 1], 0.8, 3)]
const wholes = [
  new HostTensor(
    'int32',
    [3, 4],
    Int32Array.from({ length: 12 }, (_, i) => ((i * i) % 11) - 5),
  ),
  new HostTensor('int32', [4], Int32Array.of(-2, 0, 7, 1)),
  new HostTensor('bool', [3, 1], Uint8Array.of(1, 0, 1)),
]

describe('random programs', () => {
  it('give the same value and gradients compiled, on the lazy backend and on the cpu backend', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (program) => {
        const run = (values: tf.Tensor[]) => {
          for (const [name, i, j, k] of program) {
            const known = name in STEPS ? values.map(float) : values.filter(isWhole)
            values.push((STEPS[name] ?? WHOLE_STEPS[name]!)(known[i % known.length]!, known[j % known.length]!, k))
          }
          return values
        }
        const all = (...given: tf.Tensor[]) => {
          const [xs, exact] = [given.slice(0, inputs.length), given.slice(inputs.length)]
          const loss = (...ys: tf.Tensor[]) => {
            const last = run([...exact, ...ys]).slice(-3)
            const result = tf.mean(tf.square(tf.addN(last.map((y) => full(float(y))))))
            // a zero multiple of each input: TensorFlow.js cannot say that a gradient is zero for want of a path
            return tf.add(result, tf.mul(0, tf.addN(ys.map((y) => tf.sum(y))))) as tf.Scalar
          }
          const { value, grads } = tf.valueAndGrads(loss)(xs)
          const whole = run([...exact, ...xs]).findLast(isWhole)!
          // one value under two names
          return Object.fromEntries([value, ...grads, whole, value].map((tensor, i) => [`${i}`, tensor]))
        }
        const compiled = jit(all)
        const eager = jit(all, { engine: 'eager' })
        const expected = await eager(...inputs, ...wholes)
        const found = await compiled(...inputs, ...wholes)
        await tf.setBackend('revflow')
        const lazy = await eager(...inputs, ...wholes)
        await tf.setBackend('cpu')
        await compiled.dispose()
        for (const [key, { data, dtype }] of Object.entries(expected)) {
          expect([found[key]!.dtype, lazy[key]!.dtype]).toEqual([dtype, dtype])
          expect(distance(data, found[key]!.data)).toBeLessThan(1e-4)
          expect(distance(data, lazy[key]!.data)).toBeLessThan(1e-4)
        }
      }),
      { numRuns: 120, seed: 8 },
    )
  })
})

type Params = Record<string, tf.Tensor>
type Loss = (params: Params, x: tf.Tensor, y: tf.Tensor) => tf.Tensor
/** A step of gradient descent with momentum. */
const descend = (loss: Loss) => (state: { params: Params; momentum: Params }, x: tf.Tensor, y: tf.Tensor) => {
  const names = Object.keys(state.params)
  const { value, grads } = tf.valueAndGrads(
    (...leaves: tf.Tensor[]) => loss(Object.fromEntries(names.map((name, i) => [name, leaves[i]!])), x, y) as tf.Scalar,
  )(names.map((name) => state.params[name]!))
  const momentum = Object.fromEntries(
    names.map((name, i) => [name, tf.add(tf.mul(0.9, state.momentum[name]!), grads[i]!)]),
  )
  const params = Object.fromEntries(
    names.map((name) => [name, tf.sub(state.params[name]!, tf.mul(0.1, momentum[name]!))]),
  )
  return { state: { params, momentum }, loss: value as tf.Tensor }
}

const crossEntropy = (logits: tf.Tensor, labels: tf.Tensor, classes: number): tf.Tensor =>
  tf.neg(tf.mean(tf.sum(tf.mul(tf.oneHot(labels as tf.Tensor1D, classes), tf.logSoftmax(logits)), -1)))
const labels = (n: number, classes: number) =>
  new HostTensor(
    'int32',
    [n],
    Int32Array.from({ length: n }, (_, i) => (i * i) % classes),
  )

const layerNorm = (x: tf.Tensor, scale: tf.Tensor) => {
  const { mean, variance } = tf.moments(x, -1, true)
  return tf.mul(scale, tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5))))
}
/** [B, T, C] to [B·heads, T, C/heads] */
const heads = (x: tf.Tensor, n: number): tf.Tensor => {
  const [b, t, c] = x.shape as [number, number, number]
  return tf.reshape(tf.transpose(tf.reshape(x, [b, t, n, c / n]), [0, 2, 1, 3]), [b * n, t, c / n])
}
const transformer: Loss = (p, tokens, targets) => {
  const [b, t] = tokens.shape as [number, number]
  const times = (x: tf.Tensor, w: tf.Tensor) =>
    tf.reshape(tf.matMul(tf.reshape(x, [-1, x.shape.at(-1)!]), w as tf.Tensor2D), [
      ...x.shape.slice(0, -1),
      w.shape[1]!,
    ])
  const x = tf.add(tf.gather(p.embedding!, tf.cast(tokens, 'int32')), p.position!)
  const h = layerNorm(x, p.scale1!)
  const [q, k, v] = [p.query!, p.key!, p.value!].map((w) => heads(times(h, w), 2)) as [tf.Tensor, tf.Tensor, tf.Tensor]
  const scores = tf.div(tf.matMul(q, k, false, true), 2)
  const causal = tf.lessEqual(tf.range(0, t), tf.expandDims(tf.range(0, t), 1))
  const attention = tf.matMul(tf.softmax(tf.where(causal, scores, -1e9)), v)
  const merged = tf.reshape(tf.transpose(tf.reshape(attention, [b, 2, t, -1]), [0, 2, 1, 3]), [b, t, -1])
  const y = tf.add(x, times(merged, p.out!))
  const z = times(layerNorm(y, p.scale2!), p.up!)
  const gelu = tf.mul(z, tf.mul(0.5, tf.add(1, tf.erf(tf.mul(z, Math.SQRT1_2)))))
  const logits = times(tf.add(y, times(gelu, p.down!)), tf.transpose(p.embedding!))
  return crossEntropy(tf.reshape(logits, [b * t, -1]), tf.reshape(targets, [-1]), p.embedding!.shape[0]!)
}

const ones = (n: number) => HostTensor.from(new Float32Array(n).fill(1))
const PROGRAMS: Record<string, { loss: Loss; params: Record<string, HostTensor>; x: HostTensor; y: HostTensor }> = {
  MLP: {
    loss: (p, x, y) => {
      const h = tf.relu(tf.add(tf.matMul(x, p.w1!), p.b1!))
      return tf.mean(tf.square(tf.sub(tf.matMul(tf.tanh(tf.add(tf.matMul(h, p.w2!), p.b2!)), p.w3!), y)))
    },
    params: { w1: ramp([5, 16], 0.4), b1: ramp([16], 0.1), w2: ramp([16, 16], 0.3, 2), b2: ramp([16], 0.1), w3: ramp([16, 3], 0.3, 3) }, // biome-ignore format: one line a program
    x: ramp([32, 5]),
    y: ramp([32, 3], 1, 4),
  },
  ConvNet: {
    loss: (p, x, y) => {
      const block = (t: tf.Tensor, w: tf.Tensor, b: tf.Tensor, stride: number) =>
        tf.relu(tf.add(tf.conv2d(t as tf.Tensor4D, w as tf.Tensor4D, stride, 'same'), b))
      const h = tf.maxPool(block(x, p.w1!, p.b1!, 1) as tf.Tensor4D, 2, 2, 'same')
      const pooled = tf.avgPool(block(h, p.w2!, p.b2!, 2) as tf.Tensor4D, 2, 1, 'valid')
      return crossEntropy(tf.matMul(tf.reshape(pooled, [x.shape[0]!, -1]), p.w3!), y, 4)
    },
    params: { w1: ramp([3, 3, 2, 6], 0.3), b1: ramp([6], 0.1), w2: ramp([3, 3, 6, 8], 0.3, 2), b2: ramp([8], 0.1), w3: ramp([8, 4], 0.4, 3) }, // biome-ignore format: one line a program
    x: ramp([6, 8, 7, 2]),
    y: labels(6, 4),
  },
  transformer: {
    loss: transformer,
    params: {
      embedding: ramp([11, 8], 0.5),
      position: ramp([6, 8], 0.2, 2),
      scale1: ones(8),
      query: ramp([8, 8], 0.4, 3),
      key: ramp([8, 8], 0.4, 4),
      value: ramp([8, 8], 0.4, 5),
      out: ramp([8, 8], 0.4, 6),
      scale2: ones(8),
      up: ramp([8, 16], 0.4, 7),
      down: ramp([16, 8], 0.4, 8),
    },
    x: new HostTensor('int32', [3, 6], labels(18, 11).data),
    y: new HostTensor('int32', [3, 6], labels(18, 7).data),
  },
}

describe('training steps of whole networks', () => {
  it.each(Object.entries(PROGRAMS))(
    '%s: three steps equal those of the cpu backend',
    async (_, { loss, params, x, y }) => {
      const train = async (engine: 'onnx' | 'eager') => {
        const step = jit(descend(loss), { engine })
        const momentum = Object.fromEntries(
          Object.entries(params).map(([name, { shape }]) => [
            name,
            HostTensor.from(new Float32Array(sizeOf(shape)), shape),
          ]),
        )
        let state: Parameters<typeof step>[0] = { params, momentum }
        const losses: number[] = []
        for (let i = 0; i < 3; i++) {
          const out = await step(state, x, y)
          state = out.state as typeof state
          losses.push(out.loss.data[0]!)
        }
        await step.dispose()
        const leaves = Object.values(state.params) as HostTensor[]
        return { losses, params: leaves.flatMap(({ data }) => [...data]) }
      }
      const expected = await train('eager')
      const compiled = await train('onnx')
      await tf.setBackend('revflow')
      const lazy = await train('eager')
      expect(expected.losses[2]).toBeLessThan(expected.losses[0]!)
      for (const found of [compiled, lazy]) {
        expect(distance(expected.losses, found.losses)).toBeLessThan(1e-4)
        expect(distance(expected.params, found.params)).toBeLessThan(1e-4)
      }
    },
  )
})
