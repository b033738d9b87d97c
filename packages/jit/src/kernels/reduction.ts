import { util } from '@tensorflow/tfjs-core'
import type { Graph, Value } from '../graph/graph.ts'
import { cast, unary } from './elementwise.ts'
import { type Attrs, elementwise, type Kernel, type KernelTable } from './kernel.ts'
import { pad, reshape, slice } from './shape.ts'

const axesOf = (attr: unknown, x: Value): number[] =>
  util.parseAxisParam((attr ?? x.shape.map((_, i) => i)) as number | number[], [...x.shape])

/** Reduces over attribute `axis` (all axes where it is null). */
function reduce(g: Graph, op: string, x: Value, { axis, keepDims }: Attrs): Value {
  const axes = axesOf(axis, x)
  if (axes.length === 0) return x
  const shape = x.shape.flatMap((n, i) => (axes.includes(i) ? (keepDims ? [1] : []) : [n]))
  if (op === 'ReduceSum' && x.dtype === 'float32' && x.shape.length === 2 && axes.length === 1 && axes[0] === 0)
    return reshape(g, sumOfRows(g, x), shape)
  return g.op(op, [x, g.int64(axes)], shape, x.dtype, { keepdims: keepDims ? 1 : 0 })
}

/** Σ of the rows of x [n, m], [1, m]: as a product with ones several times faster than ONNX Runtime's reduction. */
function sumOfRows(g: Graph, x: Value): Value {
  const [n, m] = x.shape as [number, number]
  return g.op('MatMul', [g.constant('float32', [1, n], new Float32Array(n).fill(1)), x], [1, m])
}

/** ONNX Runtime's extremes overlook NaN: 0·Σ clip(x) adds it. */
function extreme(g: Graph, op: string, x: Value, attrs: Attrs): Value {
  const result = reduce(g, op, x, attrs)
  if (x.dtype !== 'float32' || result === x) return result
  const sum = reduce(g, 'ReduceSum', unary(g, 'Clip', x, [g.scalar(-1), g.scalar(1)]), attrs)
  return elementwise(g, 'Add', result, elementwise(g, 'Mul', sum, g.scalar(0)))
}

const reduction =
  (op: string): Kernel =>
  (g, { x }, attrs) =>
    reduce(g, op, x!, attrs)

/** ONNX reduces no bools: go through int32. */
const logical =
  (op: string): Kernel =>
  (g, { x }, attrs) =>
    cast(g, reduce(g, op, cast(g, x!, 'int32'), attrs), 'bool')

/** The place of an extreme; NaN, which TensorFlow.js overlooks, is replaced by `worst`. */
const arg =
  (op: string, worst: number): Kernel =>
  (g, { x }, { axis }) => {
    const along = axesOf(axis, x!)[0]!
    const shape = x!.shape.filter((_, i) => i !== along)
    const nan = x!.dtype === 'float32' && g.op('IsNaN', [x!], x!.shape, 'bool')
    const operand = nan ? g.op('Where', [nan, g.scalar(worst), x!], x!.shape, 'float32') : cast(g, x!, 'int32')
    return cast(g, g.op(op, [operand], shape, 'int64', { axis: along, keepdims: 0 }), 'int32')
  }

const softmax =
  (op: string, name: string): Kernel =>
  (g, { logits }, attrs) =>
    g.op(op, [logits!], logits!.shape, 'float32', { axis: axesOf(attrs[name], logits!)[0]! })

/** Reductions, and what normalises or accumulates along an axis. */
export const reductionKernels: KernelTable = {
  Sum: reduction('ReduceSum'),
  Mean: (g, { x }, attrs) => reduce(g, 'ReduceMean', cast(g, x!, 'float32'), attrs),
  Max: (g, { x }, { reductionIndices, keepDims }) => extreme(g, 'ReduceMax', x!, { axis: reductionIndices, keepDims }),
  Min: (g, { x }, attrs) => extreme(g, 'ReduceMin', x!, attrs),
  Prod: reduction('ReduceProd'),
  All: logical('ReduceMin'),
  Any: logical('ReduceMax'),
  ArgMax: arg('ArgMax', Number.NEGATIVE_INFINITY),
  ArgMin: arg('ArgMin', Number.POSITIVE_INFINITY),
  Softmax: softmax('Softmax', 'dim'),
  LogSoftmax: softmax('LogSoftmax', 'axis'),
  Cumsum: (g, { x }, { axis, exclusive, reverse }) =>
    g.op('CumSum', [x!, g.scalar(axesOf(axis, x!)[0]!, 'int64')], x!.shape, x!.dtype, {
      exclusive: exclusive ? 1 : 0,
      reverse: reverse ? 1 : 0,
    }),
  FusedBatchNorm: (g, { x, mean, variance, offset, scale }, { varianceEpsilon }) => {
    const deviation = unary(g, 'Sqrt', elementwise(g, 'Add', variance!, g.scalar(varianceEpsilon as number)))
    const factor = scale ? elementwise(g, 'Div', scale, deviation) : unary(g, 'Reciprocal', deviation)
    const normal = elementwise(g, 'Mul', elementwise(g, 'Sub', x!, mean!), factor)
    return offset ? elementwise(g, 'Add', normal, offset) : normal
  },
  // running products by doubling: after step i each element holds the product of the 2^i before it
  Cumprod: (g, { x }, { axis, exclusive, reverse }) => {
    const at = axesOf(axis, x!)[0]!
    const n = x!.shape[at]!
    const shifted = (v: Value, by: number) => {
      const pads = v.shape.map((_, i): [number, number] => (i !== at ? [0, 0] : reverse ? [0, by] : [by, 0]))
      const begin = v.shape.map((_, i) => (i === at && reverse ? by : 0))
      return slice(g, pad(g, v, pads, 1), begin, v.shape)
    }
    let product = exclusive ? shifted(x!, 1) : x!
    for (let step = 1; step < n; step *= 2) product = elementwise(g, 'Mul', product, shifted(product, step))
    return product
  },
  TopK: (g, { x }, { k }) => {
    const shape = [...x!.shape.slice(0, -1), k as number]
    const [values, indices] = g.ops(
      'TopK',
      [x!, g.int64([k as number])],
      [
        { shape, dtype: x!.dtype },
        { shape, dtype: 'int64' },
      ],
      { sorted: 1 },
    )
    return [values!, cast(g, indices!, 'int32')]
  },
}
