import { correctGradients, HostTensor, jit } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'

type Fn = (...inputs: tf.Tensor[]) => tf.Tensor

beforeAll(async () => {
  await tf.setBackend('cpu')
  correctGradients()
})

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)
/** Numbers of both signs, none near 0 and no two equal, where kinks and ties are. */
const numbers = (shape: number[], scale = 1, seed = 1) =>
  HostTensor.from(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
      const v = Math.sin(seed + 3.7 * i)
      return scale * (v + 0.15 * Math.sign(v))
    }),
    shape,
  )
const positive = (shape: number[], seed?: number) => {
  const { data } = numbers(shape, 0.6, seed)
  return HostTensor.from(
    (data as Float32Array).map((v) => Math.abs(v) + 0.3),
    shape,
  )
}
/** Σ y·cos(y's index): every element of the result matters differently. */
const weighted =
  (fn: Fn): Fn =>
  (...inputs) => {
    const y = fn(...inputs)
    return tf.sum(tf.mul(y, tf.reshape(tf.cos(tf.range(0, y.size)), y.shape)))
  }

/** Compares the compiled gradient of each operand with central differences of the eager function. */
async function checkGradients(fn: Fn, inputs: readonly HostTensor[], step = 1e-2, tolerance = 3e-3) {
  const loss = weighted(fn)
  const gradients = jit((...xs: tf.Tensor[]) =>
    Object.fromEntries(
      tf
        .grads(loss)(xs)
        .map((g, k) => [`${k}`, g]),
    ),
  )
  const found = await gradients(...inputs)
  await gradients.dispose()
  for (const [k, input] of inputs.entries()) {
    expect(found[k]!.shape).toEqual(input.shape)
    for (let i = 0; i < input.data.length; i++) {
      const at = (delta: number) =>
        tf.tidy(() => {
          const moved = inputs.map((x, j) => {
            const data = Float32Array.from(x.data)
            if (j === k) data[i] = data[i]! + delta
            return tf.tensor(data, [...x.shape])
          })
          return loss(...moved).dataSync()[0]!
        })
      const difference = (at(step) - at(-step)) / (2 * step)
      const gradient = found[k]!.data[i]!
      expect(
        Math.abs(gradient - difference),
        `operand ${k}, element ${i}: ${gradient} against ${difference}`,
      ).toBeLessThan(tolerance * Math.max(1, Math.abs(difference)))
    }
  }
}

const v = numbers([2, 3])
const small = numbers([2, 3], 0.7)
const image = numbers([1, 5, 4, 2])
/** Every operation with a gradient, at least once. */
const CASES: Record<string, [Fn, ...HostTensor[]]> = {
  abs: [tf.abs, v],
  acos: [tf.acos, small],
  acosh: [(x) => tf.acosh(tf.add(x!, 1.5)), positive([4])],
  add: [(a, b) => tf.add(a!, b!), v, numbers([3])],
  addN: [(a, b) => tf.addN([a!, b!, a!]), v, small],
  asin: [tf.asin, small],
  asinh: [tf.asinh, v],
  atan: [tf.atan, v],
  atan2: [(a, b) => tf.atan2(a!, b!), v, numbers([2, 1], 1, 2)],
  atanh: [tf.atanh, small],
  avgPool: [(x) => tf.avgPool(x as tf.Tensor4D, [3, 2], 1, 'same'), image],
  avgPoolStrided: [(x) => tf.avgPool(x as tf.Tensor4D, 2, 2, 'valid'), image],
  avgPool3d: [(x) => tf.avgPool3d(x as tf.Tensor5D, 2, 1, 'same'), numbers([1, 2, 3, 2, 1])],
  batchNorm: [
    (x, m, s, o, c) => tf.batchNorm(x!, m as tf.Tensor1D, s as tf.Tensor1D, o as tf.Tensor1D, c as tf.Tensor1D),
    numbers([1, 2, 2, 3]),
    numbers([3]),
    positive([3]),
    numbers([3], 1, 2),
    numbers([3], 1, 3),
  ],
  batchNormNoScale: [
    (x, m, s) => tf.batchNorm(x!, m as tf.Tensor1D, s as tf.Tensor1D),
    numbers([1, 2, 2, 3]),
    numbers([3]),
    positive([3]),
  ],
  batchToSpace: [(x) => tf.batchToSpaceND(x!, [2, 2], [[0, 1], [0, 0]]), numbers([4, 1, 2, 1])], // biome-ignore format: the crops read best in one line
  cast: [(x) => tf.cast(x!, 'float32'), v],
  clip: [(x) => tf.clipByValue(x!, -0.5, 0.6), v],
  concat: [(a, b) => tf.concat([a!, b!], 1), v, numbers([2, 2])],
  conv1d: [(x, w) => tf.conv1d(x as tf.Tensor3D, w as tf.Tensor3D, 2, 'same'), numbers([2, 5, 2]), numbers([3, 2, 2])],
  conv2d: [(x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'), image, numbers([3, 2, 2, 2])],
  conv2dStrided: [(x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 3, 'valid'), image, numbers([2, 2, 2, 1])],
  conv2dTranspose: [
    (x, w) => tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, [1, 6, 6, 1], 2, 'same'),
    numbers([1, 3, 3, 2]),
    numbers([3, 3, 1, 2]),
  ],
  conv3d: [(x, w) => tf.conv3d(x as tf.Tensor5D, w as tf.Tensor5D, 1, 'same'), numbers([1, 2, 2, 3, 1]), numbers([2, 1, 2, 1, 2])], // biome-ignore format: one line a case
  cos: [tf.cos, v],
  cosh: [tf.cosh, v],
  cumprod: [(x) => tf.cumprod(x!, 1), v],
  cumprodExclusive: [(x) => tf.cumprod(x!, 1, true), v],
  cumprodReverse: [(x) => tf.cumprod(x!, 0, false, true), numbers([4, 2])],
  cumprodOfZero: [(x) => tf.cumprod(tf.mul(x!, tf.tensor1d([1, 0, 1, 1])), 1, true, true), numbers([2, 4])],
  cumsumFirst: [(x) => tf.cumsum(x!, 0, true), v],
  cumsum: [(x) => tf.cumsum(x!, 1, true, true), v],
  depthwise: [
    (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'),
    image,
    numbers([3, 2, 2, 2]),
  ],
  div: [(a, b) => tf.div(a!, b!), v, positive([3])],
  einsum: [(a, b) => tf.einsum('bij,jk->ikb', a!, b!), numbers([2, 2, 3]), numbers([3, 2])],
  einsumOne: [(a) => tf.einsum('bij->jb', a!), numbers([2, 3, 2])],
  elu: [tf.elu, v],
  erf: [tf.erf, v],
  exp: [tf.exp, v],
  expandDims: [(x) => tf.expandDims(x!, 1), v],
  expm1: [tf.expm1, v],
  fusedConv2d: [
    (x, w, b) =>
      tf.fused.conv2d({ x: x as tf.Tensor4D, filter: w as tf.Tensor4D, strides: 1, pad: 'same', bias: b!, activation: 'relu' }), // biome-ignore format: one line a case
    image,
    numbers([2, 2, 2, 2]),
    numbers([2]),
  ],
  fusedMatMul: [
    (a, b, c) => tf.fused.matMul({ a: a!, b: b!, bias: c!, activation: 'elu' }),
    v,
    numbers([3, 4]),
    numbers([4]),
  ],
  gather: [(x) => tf.gather(x!, tf.tensor1d([1, 0, 1], 'int32')), v],
  gatherAxis: [(x) => tf.gather(x!, tf.tensor1d([2, 0, 2], 'int32'), 1), v],
  gatherND: [(x) => tf.gatherND(x!, tf.tensor2d([[1, 2], [0, 0], [1, 2]], [3, 2], 'int32')), v], // biome-ignore format: the indices read best in one line
  gatherNDRows: [(x) => tf.gatherND(x!, tf.tensor2d([[1], [1], [0]], [3, 1], 'int32')), v],
  gatherOfItsArgMax: [(x) => tf.gather(x!, tf.argMax(x!, 1), 1), v],
  gatherOfItsTopK: [
    (x) => tf.mul(x!, tf.gather(tf.square(x!), tf.reshape(tf.topk(x!, 1).indices, [-1]), 1)),
    numbers([2, 2]),
  ],
  leakyRelu: [(x) => tf.leakyRelu(x!, 0.1), v],
  log: [tf.log, positive([2, 3])],
  log1p: [tf.log1p, positive([2, 3])],
  logSoftmax: [(x) => tf.logSoftmax(x!), v],
  logSigmoid: [tf.logSigmoid, v],
  logSumExp: [(x) => tf.logSumExp(x!, 1), v],
  matMul: [(a, b) => tf.matMul(a!, b!, true, true), numbers([3, 2]), numbers([4, 3])],
  max: [(x) => tf.max(x!, 1), v],
  maxPool: [(x) => tf.maxPool(x as tf.Tensor4D, [3, 2], 1, 'same'), image],
  maxPool3d: [(x) => tf.maxPool3d(x as tf.Tensor5D, 2, 1, 'same'), numbers([1, 2, 3, 2, 1])],
  'matMul, an operand of one matrix': [(a, b) => tf.matMul(a!, b!), numbers([1, 2, 3]), numbers([4, 3, 2], 1, 5)],
  'matMul, an operand without the leading axis': [
    (a, b) => tf.matMul(a!, b!, true, true),
    numbers([2, 3, 2]),
    numbers([2, 3], 1, 5),
  ],
  maximum: [(a, b) => tf.maximum(a!, b!), v, numbers([3], 1, 5)],
  mean: [(x) => tf.mean(x!, 0), v],
  min: [(x) => tf.min(x!, 1), v],
  minimum: [(a, b) => tf.minimum(a!, b!), v, numbers([3], 1, 5)],
  mirrorPad: [(x) => tf.mirrorPad(x!, [[1, 0], [2, 1]], 'reflect'), v], // biome-ignore format: the paddings read best in one line
  mirrorPadSymmetric: [(x) => tf.mirrorPad(x!, [[2, 1], [0, 3]], 'symmetric'), v], // biome-ignore format: the paddings read best in one line
  mod: [(a, b) => tf.mod(a!, b!), v, positive([3])],
  mul: [(a, b) => tf.mul(a!, b!), v, numbers([2, 1], 1, 2)],
  neg: [tf.neg, v],
  pad: [(x) => tf.pad(x!, [[1, 0], [2, 1]], 3), v], // biome-ignore format: the paddings read best in one line
  pow: [(a, b) => tf.pow(a!, b!), positive([2, 3]), numbers([3])],
  prelu: [(a, b) => tf.prelu(a!, b!), v, numbers([3])],
  prod: [(x) => tf.prod(x!, 1), v],
  reciprocal: [tf.reciprocal, positive([2, 3])],
  relu: [tf.relu, v],
  relu6: [(x) => tf.relu6(tf.mul(x!, 5)), v],
  reshape: [(x) => tf.square(tf.reshape(x!, [3, 2])), v],
  reverse: [(x) => tf.reverse(x!, 1), v],
  rsqrt: [tf.rsqrt, positive([2, 3])],
  scatterND: [(x) => tf.scatterND(tf.tensor2d([[3], [0], [3]], [3, 1], 'int32'), x!, [4, 2]), numbers([3, 2])],
  selu: [tf.selu, v],
  sigmoid: [tf.sigmoid, v],
  sin: [tf.sin, v],
  sinh: [tf.sinh, v],
  slice: [(x) => tf.slice(x!, [0, 1], [2, 2]), v],
  softmax: [(x) => tf.softmax(x!), v],
  softplus: [tf.softplus, v],
  spaceToBatch: [(x) => tf.spaceToBatchND(x!, [2, 2], [[1, 0], [0, 1]]), numbers([1, 3, 3, 1])], // biome-ignore format: the paddings read best in one line
  splitIntoOne: [(x) => tf.square(tf.split(x!, 1)[0]!), v],
  split: [(x) => tf.mul(...(tf.split(x!, 2) as [tf.Tensor, tf.Tensor])), v],
  sqrt: [tf.sqrt, positive([2, 3])],
  square: [tf.square, v],
  squaredDifference: [(a, b) => tf.squaredDifference(a!, b!), v, numbers([3], 1, 2)],
  stack: [(a, b) => tf.stack([a!, b!], 1), v, small],
  stridedSlice: [(x) => tf.stridedSlice(x!, [0, 3], [3, 0], [2, -1]), numbers([3, 4])],
  stridedSliceMasked: [(x) => tf.stridedSlice(x!, [1, 0], [2, 3], [1, 1], 0, 0, 0, 0, 1), numbers([3, 4])],
  sub: [(a, b) => tf.sub(a!, b!), v, numbers([2, 1], 1, 2)],
  sum: [(x) => tf.sum(x!, 0, true), v],
  tan: [tf.tan, small],
  tanh: [tf.tanh, v],
  tensorScatterUpdate: [
    (x, u) => tf.tensorScatterUpdate(x!, tf.tensor2d([[2], [0]], [2, 1], 'int32'), u!),
    numbers([3, 2]),
    numbers([2, 2], 1, 2),
  ],
  tile: [(x) => tf.tile(x!, [2, 3]), v],
  topk: [(x) => tf.topk(x!, 2).values, numbers([2, 2, 4])],
  transpose: [(x) => tf.square(tf.transpose(x!)), v],
  unsortedSegmentSum: [(x) => tf.unsortedSegmentSum(x!, tf.tensor1d([1, 0], 'int32'), 3), v],
  unstackOfOne: [(x) => tf.square(tf.unstack(tf.expandDims(x!))[0]!), v],
  unstack: [(x) => tf.mul(...(tf.unstack(x!) as [tf.Tensor, tf.Tensor])), v],
  whereCompared: [(a, b) => tf.where(tf.greater(a!, b!), tf.square(a!), tf.mul(a!, b!)), v, numbers([3], 1, 4)],
  where: [(a, b) => tf.where(tf.tensor2d([1, 0, 1, 0, 0, 1], [2, 3], 'bool'), a!, b!), v, small],
}

describe('gradients against finite differences', () => {
  it.each(Object.entries(CASES))('%s', (_, [fn, ...inputs]) => checkGradients(fn, inputs))
})

describe('the gradient of tensorScatterUpdate, whose kernel writes into its operand on the cpu backend', () => {
  it.each(['eager', 'onnx'] as const)('engine %s', async (engine) => {
    const gradients = jit(
      (x: tf.Tensor, u: tf.Tensor) => {
        const places = tf.tensor2d([[1], [3]], [2, 1], 'int32')
        const loss = (...[a, b]: tf.Tensor[]) =>
          tf.sum(tf.mul(tf.tensorScatterUpdate(a!, places, b!), tf.tensor1d([1, 2, 3, 4])))
        const [dx, du] = tf.grads(loss)([x, u])
        return { dx: dx!, du: du! }
      },
      { engine },
    )
    const found = await gradients(HostTensor.from([1, 2, 3, 4]), HostTensor.from([9, 8]))
    expect([...found.dx.data]).toEqual([1, 0, 3, 0])
    expect([...found.du.data]).toEqual([2, 4])
    await gradients.dispose()
  })
})

describe('einsum with an axis that one operand alone has, where the cpu backend is wrong', () => {
  it('gives the numbers worked out by hand', async () => {
    const [a, b] = [HostTensor.from([1, 2, 3, 4, 5, 6], [2, 3]), HostTensor.from([1, 10, 100, 2, 20, 200], [2, 3])]
    const product = jit((x: tf.Tensor, y: tf.Tensor) => tf.einsum('ij,kj->k', x, y))
    expect([...(await product(a, b)).data]).toEqual([975, 1950])
    const gradients = jit((x: tf.Tensor, y: tf.Tensor) => {
      const loss = (...xs: tf.Tensor[]) => tf.sum(tf.mul(tf.tensor1d([1, 2]), tf.einsum('ij,kj->k', ...xs)))
      return Object.fromEntries(
        tf
          .grads(loss)([x, y])
          .map((g, k) => [`${k}`, g]),
      )
    })
    const found = await gradients(a, b)
    expect([...found['0']!.data]).toEqual([5, 50, 500, 5, 50, 500])
    expect([...found['1']!.data]).toEqual([5, 7, 9, 10, 14, 18])
    await Promise.all([product.dispose(), gradients.dispose()])
  })
})

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))
const softplus = (x: number) => Math.log1p(Math.exp(x))
const [SELU, SELU_ALPHA] = [1.0507009873554805, 1.7580993408473768]
/** Activations with their definition in double precision. */
const ACTIVATIONS: Record<string, [(x: tf.Tensor) => tf.Tensor, (x: number) => number]> = {
  elu: [tf.elu, (x) => (x > 0 ? x : Math.expm1(x))],
  exp: [tf.exp, Math.exp],
  expm1: [tf.expm1, Math.expm1],
  leakyRelu: [(x) => tf.leakyRelu(x, 0.2), (x) => (x > 0 ? x : 0.2 * x)],
  logSigmoid: [tf.logSigmoid, (x) => -softplus(-x)],
  mish: [(x) => tf.mul(x, tf.tanh(tf.softplus(x))), (x) => x * Math.tanh(softplus(x))],
  powExponent: [(x) => tf.pow(tf.scalar(1.7), x), (x) => 1.7 ** x],
  relu: [tf.relu, (x) => Math.max(0, x)],
  selu: [tf.selu, (x) => (x > 0 ? SELU * x : SELU_ALPHA * Math.expm1(x))],
  sigmoid: [tf.sigmoid, sigmoid],
  silu: [(x) => tf.mul(x, tf.sigmoid(x)), (x) => x * sigmoid(x)],
  softplus: [tf.softplus, softplus],
  square: [tf.square, (x) => x * x],
  tanh: [tf.tanh, Math.tanh],
  // of the pair (x, −x)
  softmax: [(x) => slot(tf.softmax(tf.stack([x, tf.neg(x)], 1)), 0), (x) => sigmoid(2 * x)],
  logSoftmax: [(x) => slot(tf.logSoftmax(tf.stack([x, tf.neg(x)], 1)), 0), (x) => -softplus(-2 * x)],
  logSumExp: [(x) => tf.sub(x, tf.logSumExp(tf.stack([x, tf.neg(x)], 1), 1)), (x) => -softplus(-2 * x)],
  customSavingOutput: [savingOutput, (x) => Math.exp(x / 2)],
}
/** exp(x/2), its gradient written in what it returned. */
function savingOutput(x: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((t, save) => {
    const value = tf.exp(tf.div(t as tf.Tensor, 2))
    ;(save as tf.GradSaveFunc)([value, t as tf.Tensor])
    return { value, gradFunc: (dy, [y]) => tf.mul(dy, tf.div(y as tf.Tensor, 2)) }
  })
  return op(x)
}
const slot = (x: tf.Tensor, k: number) => tf.reshape(tf.slice(x, [0, k], [-1, 1]), [-1])

describe('second derivatives of activations', () => {
  const points = HostTensor.from([-2.1, -0.7, -0.2, 0.3, 0.9, 2.4])
  it.each(Object.entries(ACTIVATIONS))('%s', async (_, [fn, exact]) => {
    const second = (x: tf.Tensor) => tf.grad((y) => tf.sum(tf.grad((z) => tf.sum(fn(z)))(y)))(x)
    const h = 1e-3
    const expected = Array.from(points.data, (x) => (exact(x + h) - 2 * exact(x) + exact(x - h)) / h ** 2)
    for (const engine of ['onnx', 'eager'] as const) {
      const compiled = jit(second, { engine })
      const found = (await compiled(points)).data
      for (const [i, value] of expected.entries())
        expect(Math.abs(found[i]! - value), `${engine}, element ${i}: ${found[i]} against ${value}`).toBeLessThan(2e-5)
      await compiled.dispose()
    }
  })
})
