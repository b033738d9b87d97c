import { HostTensor, jit, supportedKernels } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'

type Program = (...inputs: tf.Tensor[]) => tf.Tensor | Record<string, tf.Tensor>
type Input = HostTensor

const f = (shape: number[], values: readonly number[]) =>
  HostTensor.from(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => values[i % values.length]!),
    shape,
  )
const ints = (values: number[], shape = [values.length]) => new HostTensor('int32', shape, Int32Array.from(values))
const bools = (values: number[], shape = [values.length]) => new HostTensor('bool', shape, Uint8Array.from(values))

const PLAIN = [-2.5, -1, -0.3, 0, 0.2, 0.9, 1.5, 3]
const SPECIAL = [...PLAIN, -0, 1e-7, -1e-7, 88, -88, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
const POSITIVE = [0.1, 0.5, 1, 2, 7, 1e-6]
const UNIT = [-0.9, -0.5, 0, 0.1, 0.5, 0.99]
const x = f([SPECIAL.length], SPECIAL)
/** Zeros of both signs, infinities, and finite numbers between. */
const corners = f([8], [0, -0, 1, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2, -3])
const plain = f([8], PLAIN)
const matrix = f([3, 4], PLAIN)
const cube = f([2, 3, 4], [...PLAIN, 0.7, -1.3, 2.2])
/** Broadcast pairs: equal shapes, a scalar, a row against a column. */
const pairs: [Input, Input][] = [
  [x, f([SPECIAL.length], [...SPECIAL].reverse())],
  [matrix, f([], [1.7])],
  [f([4], PLAIN), f([3, 1], [2, -1, 0.5])],
  [f([0, 4], PLAIN), f([4], PLAIN)],
  [f([33, 1, 129], SPECIAL), f([7, 1], PLAIN)],
]
const binary = (program: Program): [Program, ...Input[]][] => pairs.map((pair) => [program, ...pair])
/** The given numbers, a scalar, one element, none, and more than a thread's share. */
const unary = (program: Program, input: Input = x): [Program, ...Input[]][] => [
  [program, input],
  [program, f([], [0.4])],
  [program, f([1, 1], [0.7])],
  [program, f([2, 0, 3], [])],
  [program, f([33, 129], [...input.data])],
]
const reductions = (
  program: (t: tf.Tensor, axis?: number[], keepDims?: boolean) => tf.Tensor,
): [Program, ...Input[]][] => [
  [(t) => program(t as tf.Tensor), cube],
  [(t) => program(t as tf.Tensor, [1]), cube],
  [(t) => program(t as tf.Tensor, [0, -1], true), cube],
  [(t) => program(t as tf.Tensor), f([], [2])],
  [(t) => program(t as tf.Tensor, [0]), f([3, 1], PLAIN)],
  [(t) => program(t as tf.Tensor, [1]), f([0, 3], [])],
  [(t) => program(t as tf.Tensor, [1]), f([3, 5], SPECIAL)],
]
/** Two-dimensional windows: paddings, strides and dilations that leave remainders. */
type Pad = 'same' | 'valid' | [[number, number], [number, number], [number, number], [number, number]]
const UNEVEN: Pad = [[0, 0], [2, 1], [0, 1], [0, 0]] // biome-ignore format: the paddings read best in one line
const image = f([2, 7, 6, 3], [...PLAIN, 0.7, -1.3, 2.2])
/** No two elements are equal: which of two greatest ones gets the gradient is anybody's choice. */
const volume = f(
  [1, 4, 3, 5, 2],
  Array.from({ length: 120 }, (_, i) => Math.sin(7 * i)),
)
const filter = f([3, 2, 3, 4], [...PLAIN, 0.4])
const depthwise = f([3, 2, 3, 2], [...PLAIN, 0.4])
type Conv<P> = (t: tf.Tensor4D, w: tf.Tensor4D, stride: number, pad: P, dilation: number) => tf.Tensor
const convs = (program: Conv<Pad>, w: Input): [Program, ...Input[]][] =>
  (
    [
      [1, 'same', 1],
      [2, 'same', 1],
      [1, 'valid', 1],
      [3, 'valid', 1],
      [1, 'same', 2],
      [2, UNEVEN, 1],
    ] as const
  ).map(
    // biome-ignore format: a case each
    ([stride, pad, dilation]) => [
      (t, k) => program(t as tf.Tensor4D, k as tf.Tensor4D, stride, pad as Pad, dilation),
      image,
      w,
    ],
  )
/** The gradient of Σ y·sin(y's index) for operand `k`. */
const gradientOf = (program: Program, k: number): Program => {
  const weighted = (...inputs: tf.Tensor[]) => {
    const y = program(...inputs) as tf.Tensor
    return tf.sum(tf.mul(y, tf.reshape(tf.sin(tf.range(0, y.size)), y.shape)))
  }
  return (...inputs) => tf.grads(weighted)(inputs)[k]!
}
const gradients = (cases: [Program, ...Input[]][], k: number): [Program, ...Input[]][] =>
  cases.map(([program, ...inputs]) => [gradientOf(program, k), ...inputs])
type Pool = (t: tf.Tensor4D, size: [number, number], stride: number, pad: 'same' | 'valid') => tf.Tensor
const pools = (program: Pool, pads: ('same' | 'valid')[] = ['same', 'valid']): [Program, ...Input[]][] =>
  pads.flatMap((pad) =>
    [1, 2].map((stride) => [(t: tf.Tensor) => program(t as tf.Tensor4D, [3, 2], stride, pad), image]),
  ) as never
const conv2d = convs((t, w, stride, pad, dilation) => tf.conv2d(t, w, stride, pad as 'same', 'NHWC', dilation), filter)
const conv2dChannelsFirst: [Program, ...Input[]][] = [
  [
    (t, w) => tf.conv2d(tf.transpose(t!, [0, 3, 1, 2]) as tf.Tensor4D, w as tf.Tensor4D, 1, 'same', 'NCHW'),
    image,
    filter,
  ],
]
const depthwiseConv2d = convs(
  (t, w, stride, pad, dilation) => tf.depthwiseConv2d(t, w, stride, pad as 'same', 'NHWC', dilation),
  depthwise,
)
/** Those that TensorFlow.js has gradients for. */
const undilated = (cases: [Program, ...Input[]][]) => cases.filter((_, i) => i !== 4)
const conv3d: [Program, ...Input[]][] = [
  [(t, w) => tf.conv3d(t as tf.Tensor5D, w as tf.Tensor5D, [1, 2, 1], 'same'), volume, f([2, 2, 3, 2, 3], PLAIN)],
  [(t, w) => tf.conv3d(t as tf.Tensor5D, w as tf.Tensor5D, 2, 'valid'), volume, f([2, 2, 2, 2, 3], PLAIN)],
]
const maxPool = pools((t, size, stride, pad) => tf.maxPool(t, size, stride, pad))
const maxPool3d: [Program, ...Input[]][] = [[(t) => tf.maxPool3d(t as tf.Tensor5D, 2, 1, 'same'), volume]]
const fused =
  (op: typeof tf.fused.conv2d | typeof tf.fused.depthwiseConv2d): Program =>
  (t, k, bias) =>
    op({ x: t as tf.Tensor4D, filter: k as tf.Tensor4D, strides: 1, pad: 'same', bias: bias!, activation: 'relu' })

const kernel = (name: string, inputs: Record<string, tf.Tensor>, attrs = {}) =>
  tf.engine().runKernel(name, inputs, attrs) as tf.Tensor

/** At least one program for every kernel the compiler maps; the test below fails for one that has none. */
const CASES: Record<string, [Program, ...Input[]][]> = {
  Abs: unary(tf.abs as Program),
  Acos: unary(tf.acos as Program, f([6], UNIT)),
  Acosh: unary((t) => tf.acosh(tf.add(t!, 1)), f([6], POSITIVE)),
  Add: binary((a, b) => tf.add(a!, b!)),
  AddN: [[(a, b) => tf.addN([a!, b!, a!]), matrix, matrix]],
  All: [[(t) => tf.all(t!, 1), bools([1, 1, 0, 1], [2, 2])]],
  Any: [[(t) => tf.any(t!, 1), bools([0, 0, 0, 1], [2, 2])]],
  ArgMax: [[(t) => tf.argMax(t!, 1), cube]],
  ArgMin: [[(t) => tf.argMin(t!, -1), cube]],
  Asin: unary(tf.asin as Program, f([6], UNIT)),
  Asinh: unary(tf.asinh as Program, plain),
  Atan: unary(tf.atan as Program),
  Atanh: unary(tf.atanh as Program, f([6], UNIT)),
  Atan2: [...binary((a, b) => tf.atan2(a!, b!)), [(a, b) => tf.atan2(a!, b!), corners, f([8, 1], [...corners.data])]],
  AvgPool: pools((t, size, stride, pad) => tf.avgPool(t, size, stride, pad)),
  // 'same' only against finite differences: the cpu backend's own gradient is wrong at the border
  AvgPoolGrad: gradients(
    pools((t, size, stride, pad) => tf.avgPool(t, size, stride, pad), ['valid']),
    0,
  ),
  AvgPool3D: [[(t) => tf.avgPool3d(t as tf.Tensor5D, 2, 1, 'same'), volume]],
  AvgPool3DGrad: gradients([[(t) => tf.avgPool3d(t as tf.Tensor5D, 2, 1, 'valid'), volume]], 0),
  BatchToSpaceND: [[(t) => tf.batchToSpaceND(t!, [2, 2], [[0, 1], [1, 0]]), f([4, 2, 3, 2], PLAIN)]], // biome-ignore format: the crops read best in one line
  BitwiseAnd: [[(a, b) => tf.bitwiseAnd(a!, b!), ints([12, 7, -1]), ints([10, 5, 9])]],
  BatchMatMul: [
    [(a, b) => tf.matMul(a!, b!), f([0, 3], []), f([3, 2], PLAIN)],
    [(a, b) => tf.matMul(a!, b!), f([2, 0], []), f([0, 3], [])],
    [(a, b) => tf.matMul(a!, b!), matrix, f([4, 5], PLAIN)],
    [(a, b) => tf.matMul(a!, b!, true), matrix, f([3, 2], PLAIN)],
    [(a, b) => tf.matMul(a!, b!, false, true), matrix, f([2, 4], PLAIN)],
    [(a, b) => tf.matMul(a!, b!, true, true), cube, f([2, 5, 3], PLAIN)],
    [(a, b) => tf.matMul(a!, b!), cube, f([1, 4, 2], PLAIN)],
  ],
  Cast: [
    [(t) => tf.cast(t!, 'int32'), plain],
    [(t) => tf.cast(t!, 'bool'), plain],
    [(t) => tf.cast(t!, 'float32'), bools([0, 1])],
  ],
  Ceil: unary(tf.ceil as Program),
  ClipByValue: unary((t) => tf.clipByValue(t!, -1, 0.5), plain),
  Concat: [
    [(a, b) => tf.concat([a!, b!, a!], 1), matrix, f([3, 1], PLAIN)],
    [(a, b) => tf.concat([a!, b!]), ints([1, 2]), plain],
    [(a, b) => tf.concat([a!, b!]), plain, bools([1, 0])],
  ],
  Conv2D: [...conv2d, ...conv2dChannelsFirst],
  Conv2DBackpropFilter: gradients([...undilated(conv2d), ...conv2dChannelsFirst], 1),
  Conv2DBackpropInput: gradients([...undilated(conv2d), ...conv2dChannelsFirst], 0),
  Conv3D: conv3d,
  Conv3DBackpropFilterV2: gradients(conv3d, 1),
  Conv3DBackpropInputV2: gradients(conv3d, 0),
  Cos: unary(tf.cos as Program, plain),
  Cosh: unary(tf.cosh as Program, plain),
  Cumprod: [
    [(t) => tf.cumprod(t!, 1), cube],
    [(t) => tf.cumprod(t!, 2, true, true), cube],
    [(t) => tf.cumprod(t!, 0, true), f([1], [3])],
    [(t) => tf.cumprod(t!, 0, false, true), f([37], [0.9, 1.2, -1.1])],
  ],
  Cumsum: [
    [(t) => tf.cumsum(t!, 1), cube],
    [(t) => tf.cumsum(t!, 2, true, true), cube],
  ],
  DepthwiseConv2dNative: depthwiseConv2d,
  DepthwiseConv2dNativeBackpropFilter: gradients(undilated(depthwiseConv2d), 1),
  DepthwiseConv2dNativeBackpropInput: gradients(undilated(depthwiseConv2d), 0),
  Einsum: [
    [(a, b) => tf.einsum('ij,jk->ik', a!, b!), matrix, f([4, 2], PLAIN)],
    [(a) => tf.einsum('bij->bji', a!), cube],
  ],
  Elu: unary(tf.elu as Program),
  EluGrad: [[(dy, y) => kernel('EluGrad', { dy: dy!, y: y! }), plain, f([8], UNIT)]],
  Equal: binary((a, b) => tf.equal(a!, b!)),
  Erf: unary(tf.erf as Program),
  Exp: unary(tf.exp as Program),
  ExpandDims: [
    [(t) => tf.expandDims(t!, 1), matrix],
    [(t) => tf.expandDims(t!, -1), matrix],
  ],
  Expm1: unary(tf.expm1 as Program),
  Fill: [[() => tf.fill([2, 3], 4.5)], [() => tf.fill([20, 30], 1)]],
  Floor: unary(tf.floor as Program),
  FloorDiv: [
    [(a, b) => tf.floorDiv(a!, b!), f([4], [7, -7, 7, -7]), f([4], [2, 2, -2, -2])],
    [(a, b) => tf.floorDiv(a!, b!), ints([7, -7, 7, -7]), ints([2, 2, -2, -2])],
  ],
  FusedBatchNorm: [
    [(t, m, v) => tf.batchNorm(t!, m as tf.Tensor1D, v as tf.Tensor1D), image, f([3], PLAIN), f([3], POSITIVE)],
    [(t, m, v) => tf.batchNorm(t!, m as tf.Tensor1D, v as tf.Tensor1D, m as tf.Tensor1D, v as tf.Tensor1D, 0.1), image, f([3], PLAIN), f([3], POSITIVE)], // biome-ignore format: one line a case
  ],
  FusedConv2D: [[fused(tf.fused.conv2d), image, filter, f([4], PLAIN)]],
  FusedDepthwiseConv2D: [[fused(tf.fused.depthwiseConv2d), image, depthwise, f([6], PLAIN)]],
  GatherNd: [
    [(t, i) => tf.gatherND(t!, i!), cube, ints([1, 2, 0, 0], [2, 2])],
    [(t, i) => tf.gatherND(t!, i!), cube, ints([1, 0, 1], [3, 1])],
  ],
  GatherV2: [
    [(t, i) => tf.gather(t!, i as tf.Tensor1D, 2, 1), cube, ints([1, 1, 0, 2], [2, 2])],
    [(t, i) => tf.gather(t!, i as tf.Tensor1D, 1, 1), cube, ints([1, 1, 0, 2, 0, 1], [2, 3])],
    [(t, i) => tf.gather(t!, i as tf.Tensor1D), ints([7, 8, 9]), ints([], [0])],
    [(t, i) => tf.gather(t!, i as tf.Tensor1D), matrix, ints([2, 0, 2])],
    [(t, i) => tf.gather(t!, i as tf.Tensor1D, 1), cube, ints([1, 1, 0, 2], [2, 2])],
  ],
  Greater: binary((a, b) => tf.greater(a!, b!)),
  GreaterEqual: binary((a, b) => tf.greaterEqual(a!, b!)),
  Identity: [[(t) => tf.clone(t!), matrix]],
  IsFinite: unary(tf.isFinite as Program),
  IsInf: unary(tf.isInf as Program),
  IsNan: unary(tf.isNaN as Program),
  LeakyRelu: unary((t) => tf.leakyRelu(t!, 0.1)),
  Less: binary((a, b) => tf.less(a!, b!)),
  LessEqual: binary((a, b) => tf.lessEqual(a!, b!)),
  LinSpace: [[() => tf.linspace(-1, 2, 7)]],
  Log: unary(tf.log as Program),
  Log1p: unary(tf.log1p as Program),
  LogSoftmax: [[(t) => tf.logSoftmax(t!), cube]],
  LogicalAnd: [[(a, b) => tf.logicalAnd(a!, b!), bools([0, 1, 1]), bools([1, 1, 0])]],
  LogicalNot: [[(a) => tf.logicalNot(a!), bools([0, 1, 1])]],
  LogicalOr: [[(a, b) => tf.logicalOr(a!, b!), bools([0, 1, 0]), bools([1, 1, 0])]],
  Max: reductions((t, axis, keep) => tf.max(t, axis, keep)),
  Maximum: [[(a, b) => tf.maximum(a!, b!), matrix, f([4], PLAIN)]],
  MaxPool: maxPool,
  MaxPoolGrad: gradients(maxPool, 0),
  MaxPool3D: maxPool3d,
  MaxPool3DGrad: gradients(maxPool3d, 0),
  Mean: reductions((t, axis, keep) => tf.mean(t, axis, keep)),
  Min: reductions((t, axis, keep) => tf.min(t, axis, keep)),
  Minimum: [[(a, b) => tf.minimum(a!, b!), matrix, f([4], PLAIN)]],
  MirrorPad: [
    [(t) => tf.mirrorPad(t!, [[1, 0], [2, 1]], 'reflect'), matrix], // biome-ignore format: the paddings read best in one line
    [(t) => tf.mirrorPad(t!, [[1, 2], [0, 4]], 'symmetric'), matrix], // biome-ignore format: the paddings read best in one line
    [(t) => tf.mirrorPad(t!, [[1, 2]], 'symmetric'), ints([1, 2, 3])],
  ],
  Mod: [
    // without infinities: for b = ∞ and a < 0 the cpu backend says NaN, TensorFlow and we say ∞
    ...binary((a, b) => tf.mod(a!, b!)).slice(1, 4),
    [(a, b) => tf.mod(a!, b!), f([4], [7, -7, 7, -7]), f([4], [2, 2, -2, -2])],
  ],
  Multiply: binary((a, b) => tf.mul(a!, b!)),
  Neg: unary(tf.neg as Program),
  NotEqual: binary((a, b) => tf.notEqual(a!, b!)),
  OneHot: [
    [(t) => tf.oneHot(t as tf.Tensor1D, 4, 2, -1), ints([0, 3, 1])],
    [(t) => tf.oneHot(t as tf.Tensor1D, 4, 1, 0, 'bool'), ints([0, 3, 1])],
  ],
  OnesLike: [[(t) => tf.onesLike(t!), matrix]],
  Pack: [
    [(a, b) => tf.stack([a!, b!], 1), matrix, matrix],
    [(a, b) => tf.stack([a!, b!]), plain, plain],
    [(a, b) => tf.stack([a!, b!], -1), matrix, matrix],
    [(a, b) => tf.stack([a!, b!], -2), plain, plain],
  ],
  PadV2: [[(t) => tf.pad(t!, [[1, 2], [0, 1]], 9), matrix]], // biome-ignore format: the paddings read best in one line
  Pow: [[(a, b) => tf.pow(a!, b!), f([6], POSITIVE), f([6], PLAIN)]],
  Prelu: [[(t, a) => tf.prelu(t!, a!), matrix, f([4], UNIT)]],
  Prod: reductions((t, axis, keep) => tf.prod(t, axis, keep)),
  Range: [[() => tf.range(0, 5, 2, 'int32')]],
  RealDiv: binary((a, b) => tf.div(a!, b!)),
  Reciprocal: unary(tf.reciprocal as Program, plain),
  Relu: unary(tf.relu as Program, plain),
  Relu6: unary((t) => tf.relu6(tf.mul(t!, 3)), plain),
  Reshape: [[(t) => tf.reshape(t!, [4, -1]), cube]],
  Reverse: [
    [(t) => tf.reverse(t!, [1]), cube],
    [(t) => tf.reverse(t!), cube],
  ],
  Round: unary(tf.round as Program, f([6], [0.5, 1.5, 2.5, -0.5, -1.5, 0.4])),
  Rsqrt: unary(tf.rsqrt as Program, f([6], POSITIVE)),
  ScatterNd: [
    [(i, u) => tf.scatterND(i!, u!, [5]), ints([4, 1, 4], [3, 1]), f([3], PLAIN)],
    [(i, u) => tf.scatterND(i!, u!, [4, 2]), ints([3, 0, 3], [3, 1]), ints([1, 2, 3, 4, 5, 6], [3, 2])],
  ],
  Select: [
    [(c, a, b) => tf.where(c!, a!, b!), bools([1, 0, 1]), f([2, 3], PLAIN), f([3], UNIT)],
    [(c, a, b) => tf.where(c!, a!, b!), bools([1, 0, 1]), bools([1, 0, 0]), f([3], UNIT)],
    [(c, a, b) => tf.where(c!, a!, b!), bools([1, 0, 1]), ints([5, 6, 7]), f([3], UNIT)],
    [(c, a, b) => tf.where(c!, a!, b!), bools([1, 0, 1]), f([3], UNIT), ints([5, 6, 7])],
    [(c, a, b) => tf.where(c!, a!, b!), bools([1, 0, 1]), bools([1, 0, 0]), ints([5, 6, 7])],
  ],
  Selu: unary(tf.selu as Program, plain),
  Sigmoid: unary(tf.sigmoid as Program),
  Sign: unary(tf.sign as Program, plain),
  Sin: unary(tf.sin as Program, plain),
  Sinh: unary(tf.sinh as Program, plain),
  Slice: [
    [(t) => tf.slice(t!, [0, 1, 2], [2, -1, 1]), cube],
    [(t) => tf.slice(t!, 1), plain],
  ],
  SpaceToBatchND: [[(t) => tf.spaceToBatchND(t!, [2, 2], [[1, 1], [2, 0]]), f([2, 2, 4, 3], PLAIN)]], // biome-ignore format: the paddings read best in one line
  Softmax: [[(t) => tf.softmax(t!), cube]],
  Softplus: unary(tf.softplus as Program, plain),
  SplitV: [[(t) => Object.fromEntries(tf.split(t!, [1, 3], 1).map((part, i) => [String(i), part])), matrix]],
  Sqrt: unary(tf.sqrt as Program, f([6], POSITIVE)),
  Square: unary(tf.square as Program),
  SquaredDifference: binary((a, b) => tf.squaredDifference(a!, b!)),
  Step: unary((t) => tf.step(t!, 0.5), plain),
  StridedSlice: [
    [(t) => tf.stridedSlice(t!, [0, 3], [3, 0], [2, -1]), matrix],
    [(t) => tf.stridedSlice(t!, [-1], [0], [-1], 0, 1), plain],
  ],
  Sub: binary((a, b) => tf.sub(a!, b!)),
  Sum: [...reductions((t, axis, keep) => tf.sum(t, axis, keep)), [(t) => tf.sum(t!), bools([1, 0, 1])]],
  Tan: unary(tf.tan as Program, plain),
  Tanh: unary(tf.tanh as Program),
  TensorScatterUpdate: [
    [(t, i, u) => tf.tensorScatterUpdate(t!, i!, u!), matrix, ints([2, 0], [2, 1]), f([2, 4], UNIT)],
  ],
  Tile: [
    [(t) => tf.tile(t!, [2, 1]), matrix],
    [(t) => tf.tile(t!, [1, 3]), f([3, 1], PLAIN)],
  ],
  TopK: [[(t) => ({ ...tf.topk(t!, 2) }), cube]],
  Transpose: [[(t) => tf.transpose(t!, [2, 0, 1]), cube]],
  Unpack: [[(t) => Object.fromEntries(tf.unstack(t!, 1).map((part, i) => [String(i), part])), cube]],
  UnsortedSegmentSum: [
    [(t, i) => tf.unsortedSegmentSum(t!, i as tf.Tensor1D, 2), matrix, ints([-1, 1, 7])],
    [(t, i) => tf.unsortedSegmentSum(t!, i as tf.Tensor1D, 4), matrix, ints([2, 0, 2])],
  ],
  ZerosLike: [[(t) => tf.zerosLike(t!), matrix]],
  _FusedMatMul: [
    [
      (a, b, c) => tf.fused.matMul({ a: a!, b: b!, bias: c!, activation: 'relu' }),
      matrix,
      f([4, 2], PLAIN),
      f([2], [1, -1]),
    ],
    [(a, b) => kernel('_FusedMatMul', { a: a!, b: b! }, { transposeA: false, transposeB: false, activation: 'linear' }), matrix, f([4, 2], PLAIN)], // biome-ignore format: one line a case
  ],
}

/** Kernels that take an axis, and how many axes there are to choose from. */
const ALONG: Record<string, { axes: number; along: (t: tf.Tensor, axis: number) => tf.Tensor }> = {
  All: { axes: 3, along: (t, axis) => tf.all(tf.greater(t, 0), axis) },
  Any: { axes: 3, along: (t, axis) => tf.any(tf.greater(t, 0), axis) },
  ArgMax: { axes: 3, along: (t, axis) => tf.argMax(t, axis) },
  ArgMin: { axes: 3, along: (t, axis) => tf.argMin(t, axis) },
  Concat: { axes: 3, along: (t, axis) => tf.concat([t, tf.square(t)], axis) },
  Cumprod: { axes: 3, along: (t, axis) => tf.add(t, tf.cumprod(tf.ones([2, 3, 4]), axis)) },
  Cumsum: { axes: 3, along: (t, axis) => tf.cumsum(t, axis) },
  ExpandDims: { axes: 4, along: (t, axis) => tf.expandDims(t, axis) },
  GatherV2: { axes: 3, along: (t, axis) => tf.gather(t, tf.tensor1d([1, 0, 1], 'int32'), axis) },
  LogSumExp: { axes: 3, along: (t, axis) => tf.logSumExp(t, axis) },
  Max: { axes: 3, along: (t, axis) => tf.max(t, axis) },
  Mean: { axes: 3, along: (t, axis) => tf.mean(t, axis) },
  Min: { axes: 3, along: (t, axis) => tf.min(t, axis) },
  Moments: { axes: 3, along: (t, axis) => tf.moments(t, axis).variance },
  Norm: { axes: 3, along: (t, axis) => tf.norm(t, 2, axis) },
  Pack: { axes: 4, along: (t, axis) => tf.stack([t, tf.square(t)], axis) },
  Prod: { axes: 3, along: (t, axis) => tf.prod(t, axis) },
  Reverse: { axes: 3, along: (t, axis) => tf.reverse(t, axis) },
  SplitV: {
    axes: 3,
    along: (t, axis) => tf.mul(...(tf.split(t, [1, t.shape.at(axis)! - 1], axis) as [tf.Tensor, tf.Tensor])),
  },
  Squeeze: { axes: 3, along: (t, axis) => tf.squeeze(tf.sum(t, axis, true), [axis]) },
  Sum: { axes: 3, along: (t, axis) => tf.sum(t, axis) },
  Unpack: { axes: 3, along: (t, axis) => tf.addN(tf.unstack(t, axis).map((part, i) => tf.mul(part, i + 1))) },
}

const INDEXED: Record<string, (t: tf.Tensor, index: tf.Tensor) => tf.Tensor> = {
  GatherV2: (t, index) => tf.gather(tf.slice(t, 0, 4), index as tf.Tensor1D),
  GatherNd: (t, index) => tf.gatherND(tf.slice(t, 0, 4), tf.reshape(index, [1, 1])),
  ScatterNd: (t, index) => tf.scatterND(tf.reshape(index, [1, 1]), tf.slice(t, 0, 1), [4]),
  TensorScatterUpdate: (t, index) => tf.tensorScatterUpdate(tf.slice(t, 0, 4), tf.reshape(index, [1, 1]), tf.slice(t, 0, 1)), // biome-ignore format: one line a kernel
}

const TABLE_NOTE = `Kernels that can be compiled. TensorFlow.js operations that are made of kernels (tf.norm, tf.moments, tf.losses, …)
follow from them. Written from the registry by the tests (\`vitest run packages/jit -u\`).`

beforeAll(() => tf.setBackend('cpu').then(() => undefined))

/** Equal to 2e-6 relative (2e-6 absolute below 1), NaN and infinities alike. */
function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>) {
  expect(actual.length).toBe(expected.length)
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [Number(actual[i]), Number(expected[i])]
    if (Object.is(a, e) || a === e) continue
    expect(Math.abs(a - e), `element ${i}: ${a} against ${e}`).toBeLessThanOrEqual(2e-6 * Math.max(1, Math.abs(e)))
  }
}

/** Compares a program compiled with the cpu backend, on lists of inputs of the same shapes that the latter takes. */
async function compare(program: Program, calls: readonly Input[][]) {
  const compiled = (engine: 'onnx' | 'eager') => {
    const fn = jit(program as (...t: tf.Tensor[]) => Record<string, tf.Tensor>, { engine })
    const run = async (inputs: readonly Input[]) => {
      const result = await fn(...inputs)
      return (result instanceof HostTensor ? { '': result } : result) as Record<string, HostTensor>
    }
    return { run, dispose: fn.dispose }
  }
  const [traced, eager] = [compiled('onnx'), compiled('eager')]
  for (const inputs of calls) {
    const wanted = await eager.run(inputs).catch(() => undefined)
    if (!wanted) continue
    const found = await traced.run(inputs)
    expect(Object.keys(found)).toEqual(Object.keys(wanted))
    for (const [key, { shape, dtype, data }] of Object.entries(wanted)) {
      expect([found[key]!.shape, found[key]!.dtype]).toEqual([shape, dtype])
      // the cpu backend counts bools beyond 1
      const numbers = (of: ArrayLike<number>) => (dtype === 'bool' ? Array.from(of, Boolean).map(Number) : of)
      expectClose(numbers(found[key]!.data), numbers(data))
    }
  }
  await Promise.all([traced.dispose(), eager.dispose()])
}

const EDGES = [0, -0, Number.NaN, 1, Number.POSITIVE_INFINITY, -0.7, Number.NEGATIVE_INFINITY, 2.5, -3]
const INTEGERS = [3, 0, -7, 1, 2, -1, 5]
/** Each list is used from several places: what meets what differs. */
const STARTS = [0, 2, 4]
const NONE = { float32: new Float32Array(0), int32: new Int32Array(0), bool: new Uint8Array(0) }
const rotated = (values: readonly number[], by: number) => values.map((_, i) => values[(i + by) % values.length]!)
/** Another tensor of that shape; indices stay what they are. */
function filled(input: Input, dtype: Input['dtype'], values: readonly number[]): Input {
  if (input.dtype !== 'float32') return input
  const floats = f([...input.shape], values).data
  if (dtype === 'float32') return HostTensor.from(floats as Float32Array, input.shape)
  return dtype === 'int32' ? ints([...floats], [...input.shape]) : bools([...floats].map((v) => Number(v > 0)), [...input.shape]) // biome-ignore format: a line a type
}

/** Kernels whose results for NaN and infinities are not those of the cpu backend, and why. */
const OWN_EDGES: Record<string, string> = {
  ArgMax: 'NaN is overlooked everywhere; the cpu backend takes one that comes first',
  ArgMin: 'as ArgMax',
  MaxPool: 'ONNX Runtime overlooks a NaN in some places of a window, the cpu backend in all',
  MaxPool3D: 'as MaxPool',
  MaxPoolGrad: 'as MaxPool',
  MaxPool3DGrad: 'as MaxPool',
  Mod: 'for b = ∞ and a < 0 the cpu backend says NaN, TensorFlow and we say ∞',
  TopK: 'ONNX Runtime gives NaN no place of its own',
}
/** Kernels whose results for no elements are those of the identities below. */
const OWN_EMPTIES: Record<string, string> = {
  All: 'the cpu backend says false',
  Max: 'the cpu backend says NaN',
  Mean: 'the cpu backend says 0',
  Min: 'as Max',
}
/** Kernels whose results for int32 and bool have another type than those of the cpu backend. */
const OWN_TYPES: Record<string, string> = {
  EluGrad: 'gradients are made of floats',
  MaxPoolGrad: 'as EluGrad',
  MaxPool3DGrad: 'as EluGrad',
  AvgPool3D: 'the cpu backend says float32, as it does not for two dimensions',
  MaxPool3D: 'as AvgPool3D',
}
/** Cases of the kernels that compute, but the exceptions. */
function computing(except: Record<string, string>): [string, [Program, ...Input[]][]][] {
  const { Elementwise: elements, 'Reductions and scans': scans, 'Matrix products': products } = supportedKernels
  const names = [...elements!, ...scans!, ...products!, 'OneHot', 'PadV2', 'Concat', 'Pack', 'AvgPool', 'AvgPool3D', 'MaxPool', 'MaxPool3D', 'MaxPoolGrad', 'MaxPool3DGrad'] // biome-ignore format: one line
  return Object.entries(CASES).filter(([name]) => names.includes(name) && !(name in except))
}

const EMPTY_REDUCTIONS: [string, (t: tf.Tensor, axis: number) => tf.Tensor, number][] = [
  ['sum', tf.sum, 0],
  ['prod', tf.prod, 1],
  ['max', tf.max, Number.NEGATIVE_INFINITY],
  ['min', tf.min, Number.POSITIVE_INFINITY],
  ['mean', tf.mean, Number.NaN],
  ['any', tf.any, 0],
  ['all', tf.all, 1],
  ['logSumExp', tf.logSumExp, Number.NEGATIVE_INFINITY],
]

/** What floats, or another order of computing, would get wrong. */
const EXACT: [string, Program, Input[], number[]][] = [
  ['clips int32 on one side', (t) => tf.clipByValue(t!, 0, Number.POSITIVE_INFINITY), [ints([-3, 4, 7])], [0, 4, 7]],
  ['fills with an int32 that no float32 is', () => tf.fill([2], 16777217, 'int32'), [], [16777217, 16777217]],
  [
    'divides int32 without rounding, by 0 too',
    (a, b) => tf.floorDiv(a!, b!),
    [ints([16777217, 2147483647, -7, 7, -(2 ** 31), 5]), ints([1, 1, 2, -2, -1, 0])],
    [16777217, 2147483647, -4, -4, -(2 ** 31), 0],
  ],
  ['takes int32 modulo 0', (a, b) => tf.mod(a!, b!), [ints([-7, 7, 5]), ints([2, -2, 0])], [1, -1, 0]],
  ['multiplies beside zero', (t) => tf.cumprod(t!), [f([3], [0, 1e30, 1e30])], [0, 0, 0]],
  [
    'multiplies what only in another order overflows',
    (t) => tf.cumprod(t!),
    [f([4], [1e-30, 1e30, 1e30, 1e-30])],
    [1e-30, 1, 1e30, 1].map(Math.fround),
  ],
  ['reshapes to a shape with a 0', (t) => tf.reshape(t!, [3, 0]), [f([0, 3], [])], []],
]

describe('kernels against the cpu backend', () => {
  it('lists them in the documentation', async () => {
    const rows = Object.entries(supportedKernels).map(
      ([group, names]) => `- ${group}: ${names.map((name) => `\`${name}\``).join(', ')}`,
    )
    const table = ['# Kernels', '', TABLE_NOTE, '', ...rows, '']
    await expect(table.join('\n')).toMatchFileSnapshot('../docs/kernels.md')
  })

  it('tests every kernel it maps', () => {
    expect(Object.keys(CASES).sort()).toEqual(Object.values(supportedKernels).flat().sort())
  })

  it.each(Object.entries(CASES))('%s', async (_, programs) => {
    for (const [program, ...inputs] of programs) await compare(program, [inputs])
  })

  it.each(computing(OWN_EDGES))('%s of NaN, infinities and zeros of both signs', async (_, programs) => {
    for (const [program, ...inputs] of programs)
      await compare(
        program,
        STARTS.map((start) => inputs.map((input, k) => filled(input, 'float32', rotated(EDGES, start + 5 * k)))),
      )
  })

  it.each(computing(OWN_EMPTIES))('%s of none', async (_, programs) => {
    for (const [program, ...inputs] of programs) {
      const [rows] = inputs[0]?.shape ?? []
      const none = ({ dtype, shape }: Input) =>
        filled(new HostTensor(dtype, [0, ...shape.slice(1)], NONE[dtype]), dtype, [])
      await compare(program, [inputs.map((input) => (input.shape[0] === rows ? none(input) : input))])
    }
  })

  it.each(computing(OWN_TYPES))('%s of int32 and bool', async (_, programs) => {
    for (const [program, ...inputs] of programs)
      for (const dtype of ['int32', 'bool'] as const)
        await compare(
          program,
          STARTS.map((start) => inputs.map((input, k) => filled(input, dtype, rotated(INTEGERS, start + 3 * k)))),
        )
  })

  it.each(EMPTY_REDUCTIONS)('%s of no elements', async (name, reduce, expected) => {
    for (const [shape, axis] of [
      [[0], 0],
      [[2, 0], 1],
      [[0, 2], 0],
      [
        [0, 0],
        [0, 1],
      ],
    ] as const) {
      // biome-ignore format: they read best in one line
      const compiled = jit((t: tf.Tensor) => reduce(t, axis as number))
      const { data } = await compiled(filled(f([...shape], []), /any|all/.test(name) ? 'bool' : 'float32', []))
      expect(new Set(data).size).toBe(1)
      expect(data[0]).toBe(expected)
      await compiled.dispose()
    }
  })

  it.each(EXACT)('%s', async (_, program, inputs, expected) => {
    const compiled = jit(program as (...t: tf.Tensor[]) => tf.Tensor)
    expect([...(await compiled(...inputs)).data]).toEqual(expected)
    await compiled.dispose()
  })

  it.each(Object.entries(ALONG))('%s counts its axis from the end too', async (name, { axes, along }) => {
    const input = f(
      [2, 3, 4],
      Array.from({ length: 24 }, (_, i) => Math.sin(1 + 7 * i)),
    )
    const run = async (axis: number, differentiate: boolean) => {
      const program = (t: tf.Tensor) => along(t, axis)
      const compiled = jit(differentiate ? gradientOf(program as Program, 0) : program)
      const { shape, data } = (await compiled(input)) as HostTensor
      await compiled.dispose()
      return { shape, data }
    }
    for (const axis of Array(axes).keys())
      for (const differentiate of /All|Any|Arg/.test(name) ? [false] : [false, true])
        expect(await run(axis - axes, differentiate)).toEqual(await run(axis, differentiate))
  })

  it.each(Object.entries(INDEXED))('%s refuses indices out of bounds, negative ones too', async (name, program) => {
    for (const index of [-1, -(2 ** 31), 4]) {
      const known = jit((t: tf.Tensor) => program(t, tf.tensor1d([index], 'int32')))
      await expect(known(plain)).rejects.toThrow(
        `operation '${name}', index 0: expected one of 0 … 3, received ${index}`,
      )
      const read = jit(program)
      await expect(read(plain, ints([index]))).rejects.toThrow(
        `expected none below 0, nor beyond the axis, received ${index < 0 ? 'a negative one' : index}`,
      )
      await read.dispose()
    }
  })

  it('slices with a dropped axis and a stride, where the cpu backend itself is wrong', async () => {
    const out = await jit((t: tf.Tensor) => tf.stridedSlice(t, [1, 0], [2, 4], [1, 2], 0, 0, 0, 0, 1))(matrix)
    expect([...out.data]).toEqual([0.2, 1.5].map(Math.fround))
  })
})
