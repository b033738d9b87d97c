import { backend_util, slice_util, util } from '@tensorflow/tfjs-core'
import type { Graph, GraphType, Value } from '../graph/graph.ts'
import { allocate, checkDtype, type DType, sizeOf } from '../host-tensor.ts'
import { cast, choose, convert } from './elementwise.ts'
import { type Attrs, elementwise, expand, type KernelTable, listOf } from './kernel.ts'

/**
 * A reshape; nothing where the shape is right already. That of a broadcast number is another broadcast of it. To ONNX a 0
 * means the size that was there, unless it is told otherwise.
 */
export function reshape(g: Graph, x: Value, shape: readonly number[]): Value {
  const source = g.unexpanded(x)
  if (source !== x && source.shape.length === 0) return expand(g, source, shape)
  if (String(x.shape) === String(shape)) return x
  return g.op('Reshape', [x, g.int64(shape)], shape, x.dtype, shape.includes(0) ? { allowzero: 1 } : {})
}

export function transpose(g: Graph, x: Value, perm: readonly number[]): Value {
  return g.op(
    'Transpose',
    [x],
    perm.map((i) => x.shape[i]!),
    x.dtype,
    { perm },
  )
}

/** The half-open box [begin, begin + size) of each axis. */
export function slice(g: Graph, x: Value, begin: readonly number[], size: readonly number[]): Value {
  const axes = x.shape.map((_, i) => i).filter((i) => begin[i] !== 0 || size[i] !== x.shape[i])
  if (axes.length === 0) return x
  const starts = axes.map((i) => begin[i]!)
  const ends = axes.map((i) => begin[i]! + size[i]!)
  return g.op('Slice', [x, g.int64(starts), g.int64(ends), g.int64(axes)], size)
}

/** A slice as TensorFlow.js writes it: fewer axes than x has, −1 for all that is left. */
function box(g: Graph, x: Value, begin: number[], size: number[]): Value {
  const [starts, sizes] = slice_util.parseSliceParams(x as never, begin, size)
  slice_util.assertParamsValid(x as never, starts!, sizes!)
  return slice(g, x, starts!, sizes!)
}

/** TensorFlow.js lets operands have several types, and takes that of the first with elements. */
function concat(g: Graph, given: readonly Value[], axis: number): Value {
  const { dtype } = given.find(({ shape }) => sizeOf(shape) > 0) ?? given[0]!
  const parts = given.map((part) => convert(g, part, dtype))
  const along = util.parseAxisParam(axis, [...parts[0]!.shape])[0]!
  backend_util.assertParamsConsistent(
    parts.map((part) => [...part.shape]),
    along,
  )
  const shape = [...parts[0]!.shape]
  shape[along] = parts.reduce((sum, part) => sum + part.shape[along]!, 0)
  if (parts.length === 1) return parts[0]!
  const sources = parts.map((part) => alike(g, part, along))
  const common = sources.map(({ shape: [...own] }) => String(own.with(along, 0)))
  const small = common.every((own) => own === common[0]) ? sources : parts
  const joined = small[0]!.shape.with(along, shape[along]!)
  return expand(g, g.op('Concat', small, joined, small[0]!.dtype, { axis: along }), shape)
}

/** What `x` was expanded from, with the whole of axis `along`. */
function alike(g: Graph, x: Value, along: number): Value {
  const source = g.unexpanded(x)
  const shape = [...Array(x.shape.length - source.shape.length).fill(1), ...source.shape]
  const aligned = reshape(g, source, shape)
  return expand(g, aligned, shape.with(along, x.shape[along]!))
}

function pad(g: Graph, x: Value, pads: readonly (readonly [number, number])[], value: number): Value {
  const shape = x.shape.map((n, i) => n + pads[i]![0] + pads[i]![1])
  const flat = g.int64([...pads.map(([before]) => before), ...pads.map(([, after]) => after)])
  return g.op('Pad', [x, flat, g.scalar(value, x.dtype)], shape)
}

const withoutAxis = (shape: readonly number[], axis: number) => shape.filter((_, i) => i !== axis)

/** Kernels that change only the shape: the result shares its operand's memory. */
export const views: Readonly<Record<string, (shape: readonly number[], attrs: Attrs) => number[]>> = {
  Identity: (shape) => [...shape],
  Reshape: (from, { shape }) => util.inferFromImplicitShape(shape as number[], sizeOf(from)),
  ExpandDims: (shape, { dim }) => {
    const axis = util.parseAxisParam(dim as number, [...shape, 1])[0]!
    return shape.toSpliced(axis, 0, 1)
  },
}

/** Kernels that move elements without computing. */
export const shapeKernels: KernelTable = {
  Transpose: (g, { x }, { perm }) => transpose(g, x!, perm as number[]),
  Slice: (g, { x }, { begin, size }) => box(g, x!, begin as number[], size as number[]),
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
    // + 0: an empty axis may come as −0
    const sparse = slice_util.computeOutShape(begin, info.end, strides).map((n) => n + 0)
    // ONNX reads an end of −1 as the last element: a backward slice to the front ends below −size instead
    const ends = info.end.map((end, i) => (end < 0 ? -x!.shape[i]! - 1 : end))
    const axes = begin.map((_, i) => i)
    const sliced = g.op('Slice', [x!, g.int64(begin), g.int64(ends), g.int64(axes), g.int64(strides)], sparse)
    return reshape(g, sliced, info.finalShape)
  },
  Concat: (g, inputs, { axis }) => concat(g, listOf(inputs), axis as number),
  Pack: (g, inputs, { axis }) => {
    const parts = listOf(inputs)
    for (const { shape, dtype } of parts) {
      util.assertShapesMatch([...shape], [...parts[0]!.shape], 'All tensors passed to stack must have matching shapes')
      util.assert(dtype === parts[0]!.dtype, () => `stack: expected ${parts[0]!.dtype}, received ${dtype}`)
    }
    const at = util.parseAxisParam(axis as number, [...parts[0]!.shape, 1])[0]!
    return concat(
      g,
      parts.map((x) => reshape(g, x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)])),
      at,
    )
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
  PadV2: (g, { x }, { paddings, constantValue }) => pad(g, x!, paddings as [number, number][], constantValue as number),
  Reverse: (g, { x }, { dims }) => {
    const axes = util.parseAxisParam(dims as number[], [...x!.shape])
    if (axes.length === 0) return x!
    const of = (n: number) => g.int64(axes.map(() => n))
    // below −size means up to and including the first element
    return g.op('Slice', [x!, of(-1), g.int64(axes.map((i) => -x!.shape[i]! - 1)), g.int64(axes), of(-1)], x!.shape)
  },
  MirrorPad: (g, { x }, { paddings, mode }) => {
    const edge = mode === 'reflect' ? 0 : 1
    return (paddings as [number, number][]).reduce((padded, [before, after], axis) => {
      const n = x!.shape[axis]!
      const mirrored = (i: number) => (i < 0 ? -i - edge : i < n ? i : 2 * n - 2 + edge - i)
      const order = Array.from({ length: before + n + after }, (_, i) => mirrored(i - before))
      const shape = padded.shape.map((m, i) => (i === axis ? order.length : m))
      return before + after === 0 ? padded : g.op('Gather', [padded, g.int64(order)], shape, x!.dtype, { axis })
    }, x!)
  },
  SpaceToBatchND: (g, { x }, { blockShape, paddings }) => {
    const block = blockShape as number[]
    const pads = x!.shape.map((_, i) => (paddings as [number, number][])[i - 1] ?? [0, 0])
    const padded = pad(g, x!, pads as [number, number][], 0)
    const [shape, count] = [[...padded.shape], sizeOf(block)]
    const split = reshape(g, padded, backend_util.getReshaped(shape, block, count, false))
    const moved = transpose(g, split, backend_util.getPermuted(split.shape.length, block.length, false))
    return reshape(g, moved, backend_util.getReshapedPermuted(shape, block, count, false))
  },
  BatchToSpaceND: (g, { x }, { blockShape, crops }) => {
    const block = blockShape as number[]
    const [shape, count] = [[...x!.shape], sizeOf(block)]
    const split = reshape(g, x!, backend_util.getReshaped(shape, block, count))
    const moved = transpose(g, split, backend_util.getPermuted(split.shape.length, block.length))
    const joined = backend_util.getReshapedPermuted(shape, block, count)
    const begin = backend_util.getSliceBeginCoords(crops as number[][], block.length)
    const size = backend_util.getSliceSize(joined, crops as number[][], block.length)
    return box(g, reshape(g, moved, joined), begin, size)
  },
  OneHot: (g, { indices }, { depth, onValue, offValue, dtype }) => {
    const column = reshape(g, indices!, [...indices!.shape, 1])
    const classes = g.constant('int32', [depth as number], [...Array(depth as number).keys()])
    const hit = elementwise(g, 'Equal', cast(g, column, 'int32'), classes, 'bool')
    const [on, off] = [
      g.scalar(onValue as number, dtype as GraphType),
      g.scalar(offValue as number, dtype as GraphType),
    ]
    return choose(g, hit, on, off)
  },
  Fill: (g, _, { shape, value, dtype }) => {
    const type = checkDtype((dtype as DType | undefined) ?? util.inferDtype(value as number), "operation 'Fill'")
    return g.constant(type, shape as number[], allocate(type, shape as number[]).fill(value as number))
  },
  ZerosLike: (g, { x }) => g.constant(x!.dtype, x!.shape, new Float32Array(sizeOf(x!.shape))),
  OnesLike: (g, { x }) => g.constant(x!.dtype, x!.shape, new Float32Array(sizeOf(x!.shape)).fill(1)),
  Range: (g, _, { start, stop, step, dtype }) => {
    // a step of 1 downwards means −1
    const [from, to, given] = [start as number, stop as number, step as number]
    const by = to < from && given === 1 ? -1 : given
    const count = Math.max(0, Math.ceil((to - from) / by))
    const values = Array.from({ length: count }, (__, i) => from + i * by)
    return g.constant(dtype as DType, [count], values)
  },
  LinSpace: (g, _, { start, stop, num }) => {
    const [from, to, count] = [start as number, stop as number, num as number]
    const values = Array.from({ length: count }, (__, i) => (i === 0 ? from : from + (i * (to - from)) / (count - 1)))
    return g.constant('float32', [count], values)
  },
}
