import { createRng, treeLeaves } from '@revflow/core'
import {
  type Activation,
  activationNames,
  activations,
  adam,
  cosineDecay,
  fourierFeatures,
  layerNorm,
  linearDecay,
  mlp,
  polyak,
  valueAndGrads,
  warmUp,
} from '@revflow/nn'
import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let tensors = 0
beforeEach(() => {
  tensors = tf.memory().numTensors
  tf.engine().startScope()
})
afterEach(() => {
  tf.engine().endScope()
  expect(tf.memory().numTensors).toBe(tensors)
})

const POINTS = [-3, -1.2, -0.3, 0.3, 0.9, 2.5]
const EXACT: Record<Activation, (x: number) => number> = {
  identity: (x) => x,
  relu: (x) => Math.max(x, 0),
  tanh: Math.tanh,
  silu: (x) => x / (1 + Math.exp(-x)),
  mish: (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
  gelu: (x) => x * normalCdf(x),
  softplus: (x) => Math.log1p(Math.exp(x)),
}
/** Φ by Simpson's rule, right to 1e-10 here. */
function normalCdf(x: number): number {
  const n = 2000
  const h = x / n
  let sum = 0
  for (let i = 0; i <= n; i++) sum += Math.exp(-0.5 * (i * h) ** 2) * (i === 0 || i === n ? 1 : i % 2 === 1 ? 4 : 2)
  return 0.5 + (sum * h) / 3 / Math.sqrt(2 * Math.PI)
}

describe.each(activationNames.filter((name) => name !== 'identity'))('%s', (name) => {
  it('has the right value, first and second derivative (finite differences in double precision)', () => {
    const f = activations[name]
    const exact = EXACT[name]
    const x = tf.tensor1d(POINTS)
    const [value, first, second] = [f(x), tf.grad(f)(x), tf.grad((y: tf.Tensor) => tf.grad(f)(y))(x)].map((t) =>
      t.dataSync(),
    )
    const h = 1e-3
    for (const [i, p] of POINTS.entries()) {
      expect(value![i]).toBeCloseTo(exact(p), 5)
      expect(first![i]).toBeCloseTo((exact(p + h) - exact(p - h)) / (2 * h), 4)
      expect(second![i]).toBeCloseTo((exact(p + h) - 2 * exact(p) + exact(p - h)) / h ** 2, 3)
    }
  })
})

describe('mlp', () => {
  const net = mlp({ inputs: [3, 2], hidden: [8, 8], outputs: 2, activation: 'silu', layerNorm: true })
  const params = () => net.init(createRng(1))
  const random = (shape: number[], seed: number) =>
    tf.tensor(createRng(seed).fillNormal(new Float32Array(shape.reduce((a, b) => a * b))), shape)

  it('equals one network on the concatenated inputs', () => {
    const p = params()
    const joint = mlp({ inputs: [5], hidden: [8, 8], outputs: 2, activation: 'silu', layerNorm: true })
    const { kernel0, kernel1, ...rest } = p.layer0!
    const merged = { ...p, layer0: { kernel0: tf.concat([kernel0!, kernel1!]), ...rest } }
    const [s, a] = [random([4, 3], 2), random([4, 2], 3)]
    const difference = tf.sub(net.apply(p, [s, a]), joint.apply(merged, [tf.concat([s, a], 1)]))
    expect(tf.max(tf.abs(difference)).dataSync()[0]).toBeLessThan(1e-5)
  })

  it('shares an input among candidates', () => {
    const p = params()
    const [s, a] = [random([4, 3], 2), random([4, 5, 2], 3)]
    const all = net.apply(p, [s, a])
    expect(all.shape).toEqual([4, 5, 2])
    const third = net.apply(p, [s, tf.squeeze(tf.slice(a, [0, 3, 0], [-1, 1, -1]), [1])])
    const difference = tf.sub(tf.squeeze(tf.slice(all, [0, 3, 0], [-1, 1, -1]), [1]), third)
    expect(tf.max(tf.abs(difference)).dataSync()[0]).toBeLessThan(1e-5)
  })

  it('starts with the variance of its fan-in and names wrong shapes', () => {
    const wide = mlp({ inputs: [100, 50], hidden: [], outputs: 400, activation: 'relu' }).init(createRng(3))
    const kernel = tf.concat([wide.layer0!.kernel0!, wide.layer0!.kernel1!])
    expect(tf.moments(kernel).variance.dataSync()[0]! * 150).toBeCloseTo(1, 1)
    expect(() => net.apply(params(), [random([4, 3], 2)])).toThrow(
      'mlp inputs: expected […, 3], […, 2], received [4,3]',
    )
  })

  it('differentiates with respect to every parameter (finite differences)', () => {
    const p = params()
    const inputs = [random([4, 3], 2), random([4, 2], 3)]
    const loss = (q: typeof p) => tf.mean(tf.square(net.apply(q, inputs)))
    const { value, grads } = valueAndGrads(loss, p)
    expect(value.dataSync()[0]).toBeCloseTo(loss(p).dataSync()[0]!, 6)
    const h = 1e-2
    for (const [layer, name] of [
      ['layer0', 'kernel1'],
      ['layer1', 'scale'],
      ['layer2', 'bias'],
    ] as const) {
      const tensor = p[layer]![name]!
      const bump = tf.oneHot(tf.tensor1d([1], 'int32'), tensor.size).reshape(tensor.shape)
      const at = (sign: number) =>
        loss({
          ...p,
          [layer]: { ...p[layer]!, [name]: tf.add(tensor, tf.mul(sign * h, bump)) },
        } as typeof p).dataSync()[0]!
      expect(grads[layer]![name]!.dataSync()[1]).toBeCloseTo((at(1) - at(-1)) / (2 * h), 3)
    }
  })
})

describe('layerNorm and fourierFeatures', () => {
  it('layerNorm has the right first and second derivative (finite differences in double precision)', () => {
    const point = [0.3, -1.1, 0.8, 2]
    const direction = [1, 0.5, -0.7, 0.2]
    /** Σ_i (i+1)·y_i² of the normalised x + h·direction. */
    const exact = (h: number) => {
      const x = point.map((v, i) => v + h * direction[i]!)
      const average = x.reduce((a, b) => a + b) / 4
      const variance = x.reduce((sum, v) => sum + (v - average) ** 2, 0) / 4
      return x.reduce((sum, v, i) => sum + ((i + 1) * (v - average) ** 2) / (variance + 1e-5), 0)
    }
    const along = (h: tf.Tensor) => {
      const y = layerNorm(
        tf.add(tf.tensor2d([point]), tf.mul(h, tf.tensor2d([direction]))),
        tf.ones([4]),
        tf.zeros([4]),
      )
      return tf.sum(tf.mul(tf.square(y), tf.tensor1d([1, 2, 3, 4])))
    }
    const first = tf.grad(along)
    const h = 1e-4
    expect(along(tf.scalar(0)).dataSync()[0]).toBeCloseTo(exact(0), 4)
    expect(first(tf.scalar(0)).dataSync()[0]).toBeCloseTo((exact(h) - exact(-h)) / (2 * h), 3)
    const second = tf
      .grad((z: tf.Tensor) => first(z))(tf.scalar(0))
      .dataSync()[0]
    expect(second).toBeCloseTo((exact(h) - 2 * exact(0) + exact(-h)) / h ** 2, 2)
  })

  it('normalise and oscillate', () => {
    const y = layerNorm(tf.tensor2d([[1, 2, 3, 6]]), tf.fill([4], 2), tf.fill([4], 1)).dataSync()
    const std = Math.sqrt(3.5 + 1e-5)
    expect([...y].map((v) => v.toFixed(4))).toEqual([-2, -1, 0, 3].map((c) => (1 + (2 * c) / std).toFixed(4)))
    const features = fourierFeatures({ size: 4 })(tf.tensor1d([0, 0.5, 1])).arraySync()
    const expected = [
      [1, 1, 0, 0],
      [0, -1, 1, 0],
      [-1, 1, 0, 0],
    ]
    for (const [i, row] of expected.entries())
      for (const [j, v] of row.entries()) expect(features[i]![j]).toBeCloseTo(v, 5)
    expect(() => fourierFeatures({ size: 3 })).toThrow('expected an even number')
  })
})

describe('adam', () => {
  /** Adam in plain numbers, as in the paper's Algorithm 1. */
  function reference(gradients: number[], rate: (step: number) => number) {
    let [x, m, v] = [1, 0, 0]
    for (const [i, g] of gradients.entries()) {
      m = 0.9 * m + 0.1 * g
      v = 0.999 * v + 0.001 * g * g
      x -= (rate(i) * (m / (1 - 0.9 ** (i + 1)))) / (Math.sqrt(v / (1 - 0.999 ** (i + 1))) + 1e-8)
    }
    return x
  }
  const run = (gradients: number[], options: Parameters<typeof adam>[0]) => {
    const optimizer = adam(options)
    let params: { w: tf.Tensor } = { w: tf.scalar(1) }
    let state = optimizer.init(params)
    let gradNorm = 0
    for (const g of gradients) {
      const out = optimizer.update({ grads: { w: tf.scalar(g) }, state, params })
      ;({ params, state } = out)
      gradNorm = out.gradNorm.dataSync()[0]!
    }
    return { x: params.w.dataSync()[0]!, gradNorm, step: state.step.dataSync()[0]! }
  }

  it('is the published algorithm, with constant and scheduled rates', () => {
    const gradients = [0.5, -2, 1e-3, 4, 0.2]
    expect(run(gradients, { learningRate: 0.1 }).x).toBeCloseTo(
      reference(gradients, () => 0.1),
      5,
    )
    expect(run(gradients, { learningRate: 0.1 }).step).toBe(5)
    const linear = linearDecay({ start: 0.1, end: 0, steps: 4 })
    expect(run(gradients, { learningRate: linear }).x).toBeCloseTo(
      reference(gradients, (i) => 0.1 * Math.max(0, 1 - i / 4)),
      5,
    )
    const cosine = warmUp(cosineDecay({ start: 0.1, end: 0.02, steps: 4 }), 2)
    const rate = (i: number) =>
      (0.02 + 0.04 * (1 + Math.cos((Math.PI * Math.min(i, 4)) / 4))) * Math.min(1, (i + 1) / 2)
    expect(run(gradients, { learningRate: cosine }).x).toBeCloseTo(reference(gradients, rate), 5)
  })

  it('clips the norm of the whole gradient and reports it unclipped', () => {
    const { x, gradNorm } = run([8, 1], { learningRate: 0.1, clipNorm: 2 })
    expect(gradNorm).toBeCloseTo(1)
    expect(x).toBeCloseTo(
      reference([2, 1], () => 0.1),
      5,
    )
    expect(() => adam({ learningRate: 1, clipnorm: 1 } as never)).toThrow("did you mean 'clipNorm'?")
  })
})

describe('polyak', () => {
  it('moves targets by τ', () => {
    const average = polyak(
      { a: tf.scalar(1), b: { c: tf.scalar(0) } },
      { a: tf.scalar(3), b: { c: tf.scalar(10) } },
      0.1,
    )
    expect(treeLeaves<tf.Tensor>(average).map((t) => t.dataSync()[0])).toEqual([1.2, 1].map(Math.fround))
  })
})
