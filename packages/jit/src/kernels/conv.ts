import { backend_util } from '@tensorflow/tfjs-core'
import type { Graph, Value } from '../graph/graph.ts'
import { sizeOf } from '../host-tensor.ts'
import { activate } from './activation.ts'
import { type Attrs, elementwise, type Kernel, type KernelTable } from './kernel.ts'
import { reshape, slice, transpose } from './shape.ts'

/** A convolution or pooling window over one to three spatial axes, in TensorFlow.js's terms. */
interface Window {
  readonly batch: number
  readonly channels: { readonly in: number; readonly out: number }
  readonly in: readonly number[]
  readonly out: readonly number[]
  readonly size: readonly number[]
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  /** Padding before each axis. */
  readonly before: readonly number[]
  /** Padding after each axis that the last window needs; negative where it leaves elements unused. */
  readonly after: readonly number[]
  /** Whether tensors are channels first (NCHW). */
  readonly channelsFirst: boolean
}

type Numbers = Readonly<Record<string, number>>

function windowOf(info: backend_util.Conv2DInfo | backend_util.Conv3DInfo): Window {
  const numbers = info as unknown as Numbers
  const pads = info.padInfo as unknown as Numbers
  const axes = ['Depth', 'Height', 'Width'].filter((axis) => `in${axis}` in info)
  const of = (name: string) => axes.map((axis) => numbers[`${name}${axis}`]!)
  const [size, strides, dilations] = [of('filter'), of('stride'), of('dilation')]
  const before = ['front', 'top', 'left'].slice(-axes.length).map((side) => pads[side]!)
  const after = of('out').map(
    (n, i) => (n - 1) * strides[i]! + (size[i]! - 1) * dilations[i]! + 1 - of('in')[i]! - before[i]!,
  )
  return {
    batch: info.batchSize,
    channels: { in: info.inChannels, out: info.outChannels },
    in: of('in'),
    out: of('out'),
    size,
    strides,
    dilations,
    before,
    after,
    channelsFirst: info.dataFormat === 'channelsFirst',
  }
}

/** Attributes of windows, typed to fit both the two- and the three-dimensional helpers of TensorFlow.js. */
interface WindowAttrs {
  readonly strides: never
  readonly pad: never
  readonly dimRoundingMode: never
  readonly dataFormat?: never
  readonly filterSize: never
}

/** Geometry of a convolution; the shapes are x's and the filter's. */
function convolution(x: readonly number[], filter: readonly number[], attrs: Attrs, depthwise = false): Window {
  const { strides, pad, dataFormat, dimRoundingMode } = attrs as unknown as WindowAttrs
  const dilations = (attrs.dilations ?? 1) as never
  if (filter.length === 5)
    return windowOf(
      backend_util.computeConv3DInfo(
        x as never,
        filter as never,
        strides,
        dilations,
        pad,
        depthwise,
        'channelsLast',
        dimRoundingMode,
      ),
    )
  const format = dataFormat && backend_util.convertConv2DDataFormat(dataFormat)
  return windowOf(
    backend_util.computeConv2DInfo(
      x as never,
      filter as never,
      strides,
      dilations,
      pad,
      dimRoundingMode,
      depthwise,
      format,
    ),
  )
}

function pooling(x: readonly number[], attrs: Attrs): Window {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as WindowAttrs
  const compute = x.length === 5 ? backend_util.computePool3DInfo : backend_util.computePool2DInfo
  return windowOf(compute(x as never, filterSize, strides, 1 as never, pad, dimRoundingMode))
}

/** [B, …, C] to [B, C, …], and back. */
const channelsFirst = (g: Graph, x: Value): Value =>
  transpose(g, x, [0, x.shape.length - 1, ...x.shape.slice(1, -1).map((_, i) => i + 1)])
const channelsLast = (g: Graph, x: Value): Value => transpose(g, x, [0, ...x.shape.slice(2).map((_, i) => i + 2), 1])
const enter = (g: Graph, x: Value, w: Window): Value => (w.channelsFirst ? x : channelsFirst(g, x))
const leave = (g: Graph, x: Value, w: Window): Value => (w.channelsFirst ? x : channelsLast(g, x))

/** Swaps the first two axes. */
const swap = (g: Graph, x: Value): Value => transpose(g, x, [1, 0, ...x.shape.slice(2).map((_, i) => i + 2)])
/** A filter […, I, O] as [O, I, …]; depthwise […, C, M] as [C·M, 1, …]. */
function kernelFirst(g: Graph, filter: Value, depthwise: boolean): Value {
  const n = filter.shape.length
  const spatial = filter.shape.slice(0, -2).map((_, i) => i)
  if (!depthwise) return transpose(g, filter, [n - 1, n - 2, ...spatial])
  const moved = transpose(g, filter, [n - 2, n - 1, ...spatial])
  return reshape(g, moved, [moved.shape[0]! * moved.shape[1]!, 1, ...moved.shape.slice(2)])
}

const attributes = ({ size, strides, dilations, before, after }: Window) => ({
  kernel_shape: size,
  strides,
  dilations,
  pads: [...before, ...after.map((n) => Math.max(0, n))],
})

function convolve(g: Graph, x: Value, filter: Value, attrs: Attrs, depthwise: boolean): Value {
  const w = convolution(x.shape, filter.shape, attrs, depthwise)
  const group = depthwise ? w.channels.in : 1
  const inputs = [enter(g, x, w), kernelFirst(g, filter, depthwise)]
  return leave(g, g.op('Conv', inputs, [w.batch, w.channels.out, ...w.out], 'float32', { ...attributes(w), group }), w)
}

/** ∂loss/∂x: the transposed convolution of dy. */
function convolveBack(g: Graph, dy: Value, filter: Value, attrs: Attrs, depthwise: boolean): Value {
  const inputShape = attrs.inputShape as number[]
  const w = convolution(inputShape, filter.shape, attrs, depthwise)
  const group = depthwise ? w.channels.in : 1
  const outputs = [w.batch, w.channels.out, ...w.out]
  const used = slice(
    g,
    enter(g, dy, w),
    outputs.map(() => 0),
    outputs,
  )
  const inputs = [used, kernelFirst(g, filter, depthwise)]
  // elements that no window reaches have gradient zero: made by padding what the transposed convolution gives
  const reached = w.in.map((n, i) => n + Math.min(0, w.after[i]!))
  const dx = g.op('ConvTranspose', inputs, [w.batch, w.channels.in, ...reached], 'float32', { ...attributes(w), group })
  const missing = w.in.map((n, i) => n - reached[i]!)
  if (missing.every((n) => n === 0)) return leave(g, dx, w)
  const pads = g.int64([0, 0, ...w.in.map(() => 0), 0, 0, ...missing])
  return leave(g, g.op('Pad', [dx, pads, g.scalar(0)], [w.batch, w.channels.in, ...w.in]), w)
}

/** ∂loss/∂filter: the convolution of x with dy over the batch, strides and dilations exchanged. */
function filterGradient(g: Graph, x: Value, dy: Value, attrs: Attrs, depthwise: boolean): Value {
  const filterShape = attrs.filterShape as number[]
  const w = convolution(x.shape, filterShape, attrs, depthwise)
  const { batch, channels } = w
  const group = depthwise ? channels.in : 1
  const rows = swap(g, enter(g, x, w))
  const input = depthwise ? reshape(g, rows, [1, channels.in * batch, ...w.in]) : rows
  const leading = depthwise ? 1 : channels.in
  const sizes = w.size.map((n, i) => n + Math.floor(Math.max(0, -w.after[i]!) / w.dilations[i]!))
  const full = g.op('Conv', [input, swap(g, enter(g, dy, w))], [leading, channels.out, ...sizes], 'float32', {
    ...attributes({ ...w, size: w.out, strides: w.dilations, dilations: w.strides }),
    group,
  })
  const wanted = [leading, channels.out, ...w.size]
  const gradient = slice(
    g,
    full,
    wanted.map(() => 0),
    wanted,
  )
  const spatial = w.size.map((_, i) => i + 2)
  if (!depthwise) return transpose(g, gradient, [...spatial, 0, 1])
  const split = reshape(g, gradient, [channels.in, channels.out / channels.in, ...w.size])
  return transpose(g, split, [...spatial, 0, 1])
}

const conv =
  (depthwise = false): Kernel =>
  (g, { x, filter }, attrs) =>
    convolve(g, x!, filter!, attrs, depthwise)
const inputGradient =
  (depthwise = false): Kernel =>
  (g, { dy, filter }, attrs) =>
    convolveBack(g, dy!, filter!, attrs, depthwise)
const weightGradient =
  (depthwise = false): Kernel =>
  (g, { x, dy }, attrs) =>
    filterGradient(g, x!, dy!, attrs, depthwise)

const fusedConv =
  (depthwise = false): Kernel =>
  (g, { x, filter, bias, preluActivationWeights }, attrs) => {
    const product = convolve(g, x!, filter!, attrs, depthwise)
    const perChannel = (v: Value) =>
      attrs.dataFormat === 'NCHW' && v.shape.length === 1 && v.shape[0] !== 1 ? reshape(g, v, [v.shape[0]!, 1, 1]) : v
    const sum = bias ? elementwise(g, 'Add', product, perChannel(bias)) : product
    return activate(g, sum, attrs, preluActivationWeights && perChannel(preluActivationWeights))
  }

/** The largest element of each window and its place in the flattened channels-first input, which is dropped if unused. */
function maxPool(g: Graph, x: Value, w: Window): { values: Value; places: Value } {
  const shape = [w.batch, w.channels.in, ...w.out]
  const outputs = [
    { shape, dtype: 'float32' as const },
    { shape, dtype: 'int64' as const },
  ]
  const [values, places] = g.ops('MaxPool', [enter(g, x, w)], outputs, attributes(w))
  return { values: values!, places: places! }
}

const maxPoolGradient: Kernel = (g, { dy, input }, attrs) => {
  const w = pooling(input!.shape, attrs)
  const { places } = maxPool(g, input!, w)
  const shape = [w.batch, w.channels.in, ...w.in]
  const zeros = g.constant('float32', [sizeOf(shape)], new Float32Array(sizeOf(shape)))
  const updates = reshape(g, enter(g, dy!, w), [sizeOf(dy!.shape)])
  const indices = reshape(g, places, [sizeOf(dy!.shape)])
  const flat = g.op('ScatterElements', [zeros, indices, updates], [sizeOf(shape)], 'float32', {
    axis: 0,
    reduction: 'add',
  })
  return leave(g, reshape(g, flat, shape), w)
}

/** Elements of x in each window, without padding, […, 1]. */
function windowCounts(g: Graph, w: Window): Value {
  const along = (axis: number, k: number): number => {
    const start = k * w.strides[axis]! - w.before[axis]!
    return Array.from({ length: w.size[axis]! }, (_, j) => start + j * w.dilations[axis]!).filter(
      (at) => at >= 0 && at < w.in[axis]!,
    ).length
  }
  const counts = w.out.reduce<number[]>(
    (all, n, axis) => all.flatMap((count) => Array.from({ length: n }, (_, k) => count * along(axis, k))),
    [1],
  )
  return g.constant('float32', [1, ...w.out, 1], counts)
}

const averagePoolGradient: Kernel = (g, { dy, input }, attrs) => {
  const w = pooling(input!.shape, attrs)
  const share = elementwise(g, 'Div', dy!, windowCounts(g, w))
  const ones = g.constant(
    'float32',
    [...w.size, w.channels.in, 1],
    new Float32Array(sizeOf(w.size) * w.channels.in).fill(1),
  )
  return convolveBack(g, share, ones, { ...attrs, inputShape: input!.shape, dilations: 1 }, true)
}

const poolOf =
  (op: 'max' | 'average'): Kernel =>
  (g, { x }, attrs) => {
    const w = pooling(x!.shape, attrs)
    if (op === 'max') return leave(g, maxPool(g, x!, w).values, w)
    const shape = [w.batch, w.channels.in, ...w.out]
    return leave(g, g.op('AveragePool', [enter(g, x!, w)], shape, 'float32', attributes(w)), w)
  }

/** Convolutions, poolings and their gradients. ONNX wants channels first: ONNX Runtime removes transposes that cancel. */
export const convKernels: KernelTable = {
  Conv2D: conv(),
  Conv2DBackpropInput: inputGradient(),
  Conv2DBackpropFilter: weightGradient(),
  FusedConv2D: fusedConv(),
  DepthwiseConv2dNative: conv(true),
  DepthwiseConv2dNativeBackpropInput: inputGradient(true),
  DepthwiseConv2dNativeBackpropFilter: weightGradient(true),
  FusedDepthwiseConv2D: fusedConv(true),
  Conv3D: conv(),
  Conv3DBackpropInputV2: inputGradient(),
  Conv3DBackpropFilterV2: weightGradient(),
  MaxPool: poolOf('max'),
  MaxPoolGrad: maxPoolGradient,
  MaxPool3D: poolOf('max'),
  MaxPool3DGrad: maxPoolGradient,
  AvgPool: poolOf('average'),
  AvgPoolGrad: averagePoolGradient,
  AvgPool3D: poolOf('average'),
  AvgPool3DGrad: averagePoolGradient,
}
