import { backend_util, slice_util, util } from '@tensorflow/tfjs-core'
import type { Graph, GraphType, Value } from '../graph/graph.ts'
import { type DType, sizeOf } from '../host-tensor.ts'
import { cast } from './elementwise.ts'
import { elementwise, type KernelTable, listOf } from './kernel.ts'

/** A reshape; nothing where the shape is right already. */
export function reshape(g: Graph, x: Value, shape: readonly number[]): Value {
  return String(x.shape) === String(shape) ? x : g.op('Reshape', [x, g.int64(shape)], shape)
}

/** The half-open box [begin, begin + size) of each axis. */
function slice(g: Graph, x: Value, begin: readonly number[], size: readonly number[]): Value {
  const axes = x.shape.map((_, i) => i).filter((i) => begin[i] !== 0 || size[i] !== x.shape[i])
  if (axes.length === 0) return x
  const starts = axes.map((i) => begin[i]!)
  const ends = axes.map((i) => begin[i]! + size[i]!)
  return g.op('Slice', [x, g.int64(starts), g.int64(ends), g.int64(axes)], size)
}

function concat(g: Graph, parts: readonly Value[], axis: number): Value {
  const along = util.parseAxisParam(axis, [...parts[0]!.shape])[0]!
  const shape = [...parts[0]!.shape]
  shape[along] = parts.reduce((sum, part) => sum + part.shape[along]!, 0)
  return parts.length === 1 ? parts[0]! : g.op('Concat', parts, shape, parts[0]!.dtype, { axis: along })
}

const withoutAxis = (shape: readonly number[], axis: number) => shape.filter((_, i) => i !== axis)

/** Kernels that move elements without computing. */
export const shapeKernels: KernelTable = {
  Reshape: (g, { x }, { shape }) => reshape(g, x!, util.inferFromImplicitShape(shape as number[], sizeOf(x!.shape))),
  ExpandDims: (g, { input }, { dim }) => {
    const shape = [...input!.shape]
    shape.splice((dim as number) < 0 ? shape.length + (dim as number) + 1 : (dim as number), 0, 1)
    return reshape(g, input!, shape)
  },
  Transpose: (g, { x }, { perm }) => {
    const order = perm as number[]
    const shape = order.map((i) => x!.shape[i]!)
    return g.op('Transpose', [x!], shape, x!.dtype, { perm: order })
  },
  Slice: (g, { x }, { begin, size }) => {
    const [starts, sizes] = slice_util.parseSliceParams(
      { shape: [...x!.shape] } as Parameters<typeof slice_util.parseSliceParams>[0],
      begin as number[],
      size as number[],
    )
    return slice(g, x!, starts!, sizes!)
  },
  StridedSlice: (g, { x }, a) => {
    const info = slice_util.sliceInfo(
      [...x!.shape],
      a.begin as number[],
      a.end as number[],
      a.strides as number[],
      a.beginMask as number,
      a.endMask as number,
      a.ellipsisMask as number,
      a.newAxisMask as number,
      a.shrinkAxisMask as number,
    )
    const { begin, strides } = info
    const sparse = slice_util.computeOutShape(begin, info.end, strides)
    // ONNX reads an end of −1 as the last element: a backward slice to the front ends below −size instead
    const ends = info.end.map((end, i) => (end < 0 ? -x!.shape[i]! - 1 : end))
    const axes = begin.map((_, i) => i)
    const sliced = g.op('Slice', [x!, g.int64(begin), g.int64(ends), g.int64(axes), g.int64(strides)], sparse)
    return reshape(g, sliced, info.finalShape)
  },
  Concat: (g, inputs, { axis }) => concat(g, listOf(inputs), axis as number),
  Pack: (g, inputs, { axis }) => {
    const at = axis as number
    const expanded = listOf(inputs).map((x) => reshape(g, x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]))
    return concat(g, expanded, at)
  },
  Unpack: (g, { value }, { axis }) => {
    const x = value!
    const at = util.parseAxisParam(axis as number, [...x.shape])[0]!
    const size = x.shape.map((n, i) => (i === at ? 1 : n))
    return Array.from({ length: x.shape[at]! }, (_, k) => {
      const begin = x.shape.map((__, i) => (i === at ? k : 0))
      return reshape(g, slice(g, x, begin, size), withoutAxis(x.shape, at))
    })
  },
  SplitV: (g, { x }, { numOrSizeSplits, axis }) => {
    const at = util.parseAxisParam(axis as number, [...x!.shape])[0]!
    const sizes = backend_util.prepareSplitSize(
      { shape: [...x!.shape] } as Parameters<typeof backend_util.prepareSplitSize>[0],
      numOrSizeSplits as number | number[],
      at,
    )
    const shapes = sizes.map((n) => x!.shape.map((m, i) => (i === at ? n : m)))
    const outputs = shapes.map((shape) => ({ shape, dtype: x!.dtype }))
    return g.ops('Split', [x!, g.int64(sizes)], outputs, { axis: at })
  },
  Tile: (g, { x }, { reps }) => {
    const times = reps as number[]
    const shape = x!.shape.map((n, i) => n * times[i]!)
    const broadcasts = x!.shape.every((n, i) => n === 1 || times[i] === 1)
    return broadcasts ? g.op('Expand', [x!, g.int64(shape)], shape) : g.op('Tile', [x!, g.int64(times)], shape)
  },
  PadV2: (g, { x }, { paddings, constantValue }) => {
    const pads = paddings as [number, number][]
    const shape = x!.shape.map((n, i) => n + pads[i]![0] + pads[i]![1])
    const flat = g.int64([...pads.map((p) => p[0]), ...pads.map((p) => p[1])])
    return g.op('Pad', [x!, flat, g.scalar(constantValue as number, x!.dtype)], shape)
  },
  Reverse: (g, { x }, { dims }) => {
    const axes = util.parseAxisParam(dims as number[], [...x!.shape])
    if (axes.length === 0) return x!
    const of = (n: number) => g.int64(axes.map(() => n))
    // below −size means up to and including the first element
    return g.op('Slice', [x!, of(-1), g.int64(axes.map((i) => -x!.shape[i]! - 1)), g.int64(axes), of(-1)], x!.shape)
  },
  GatherV2: (g, { x, indices }, { axis, batchDims }) => {
    if ((batchDims as number) !== 0) throw new RangeError(`gather: expected batchDims 0, received ${batchDims}`)
    const at = util.parseAxisParam(axis as number, [...x!.shape])[0]!
    const shape = [...x!.shape.slice(0, at), ...indices!.shape, ...x!.shape.slice(at + 1)]
    return g.op('Gather', [x!, indices!], shape, x!.dtype, { axis: at })
  },
  UnsortedSegmentSum: (g, { x, segmentIds }, { numSegments }) => {
    const shape = [numSegments as number, ...x!.shape.slice(1)]
    const zeros = g.constant(x!.dtype, shape, new Float32Array(sizeOf(shape)))
    const rows = reshape(g, cast(g, segmentIds!, 'int64'), [...segmentIds!.shape, 1])
    return g.op('ScatterND', [zeros, rows, x!], shape, x!.dtype, { reduction: 'add' })
  },
  OneHot: (g, { indices }, { depth, onValue, offValue, dtype }) => {
    const column = reshape(g, indices!, [...indices!.shape, 1])
    const classes = g.constant('int32', [depth as number], [...Array(depth as number).keys()])
    const hit = elementwise(g, 'Equal', cast(g, column, 'int32'), classes, 'bool')
    const [on, off] = [
      g.scalar(onValue as number, dtype as GraphType),
      g.scalar(offValue as number, dtype as GraphType),
    ]
    return g.op('Where', [hit, on, off], hit.shape, dtype as GraphType)
  },
  Fill: (g, _, { shape, value, dtype }) => {
    const type = (dtype ?? 'float32') as DType
    return g.constant(type, shape as number[], new Float32Array(sizeOf(shape as number[])).fill(value as number))
  },
  ZerosLike: (g, { x }) => g.constant(x!.dtype, x!.shape, new Float32Array(sizeOf(x!.shape))),
  OnesLike: (g, { x }) => g.constant(x!.dtype, x!.shape, new Float32Array(sizeOf(x!.shape)).fill(1)),
  Range: (g, _, { start, stop, step, dtype }) => {
    const [from, by] = [start as number, step as number]
    const count = Math.max(0, Math.ceil(((stop as number) - from) / by))
    const values = Array.from({ length: count }, (__, i) => from + i * by)
    return g.constant(dtype as DType, [count], values)
  },
  LinSpace: (g, _, { start, stop, num }) => {
    const [from, to, count] = [start as number, stop as number, num as number]
    const values = Array.from({ length: count }, (__, i) => (i === 0 ? from : from + (i * (to - from)) / (count - 1)))
    return g.constant('float32', [count], values)
  },
}
