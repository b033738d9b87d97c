import { util } from '@tensorflow/tfjs-core'
import type { Graph, Value } from '../graph/graph.ts'
import { allocate, type DType, sizeOf } from '../host-tensor.ts'
import { cast, countable, unary } from './elementwise.ts'
import { type Attrs, elementwise, type Kernel, type KernelTable } from './kernel.ts'
import { reshape } from './shape.ts'

const axesOf = (attr: unknown, x: Value): number[] =>
  util.parseAxisParam((attr ?? x.shape.map((_, i) => i)) as number | number[], [...x.shape])

/** What a reduction of no elements gives; those of ONNX Runtime begin with numbers of their own. */
const OF_NONE: Readonly<Record<string, number>> = {
  ReduceSum: 0,
  ReduceProd: 1,
  ReduceMax: Number.NEGATIVE_INFINITY,
  ReduceMin: Number.POSITIVE_INFINITY,
  ReduceMean: Number.NaN,
}

/** Reduces over attribute `axis` (all axes where it is null). */
function reduce(g: Graph, op: string, x: Value, { axis, keepDims }: Attrs): Value {
  const axes = axesOf(axis, x)
  if (axes.length === 0) return x
  const shape = x.shape.flatMap((n, i) => (axes.includes(i) ? (keepDims ? [1] : []) : [n]))
  if (sizeOf(x.shape) === 0) return g.constant(x.dtype, shape, allocate(x.dtype as DType, shape).fill(OF_NONE[op]!))
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
  All: logical('ReduceProd'),
  Any: logical('ReduceMax'),
  ArgMax: arg('ArgMax', Number.NEGATIVE_INFINITY),
  ArgMin: arg('ArgMin', Number.POSITIVE_INFINITY),
  Softmax: softmax('Softmax', 'dim'),
  LogSoftmax: softmax('LogSoftmax', 'axis'),
  Cumsum: (g, inputs, { axis, exclusive, reverse }) => {
    const x = countable(g, inputs.x!)
    return g.op('CumSum', [x, g.scalar(axesOf(axis, x)[0]!, 'int64')], x.shape, x.dtype, {
      exclusive: exclusive ? 1 : 0,
      reverse: reverse ? 1 : 0,
    })
  },
  FusedBatchNorm: (g, { x, mean, variance, offset, scale }, { varianceEpsilon }) => {
    const deviation = unary(g, 'Sqrt', elementwise(g, 'Add', variance!, g.scalar(varianceEpsilon as number)))
    const factor = scale ? elementwise(g, 'Div', scale, deviation) : unary(g, 'Reciprocal', deviation)
    const normal = elementwise(g, 'Mul', elementwise(g, 'Sub', x!, mean!), factor)
    return offset ? elementwise(g, 'Add', normal, offset) : normal
  },
  // one after another, as TensorFlow.js does: products of other parts overflow where these do not
  Cumprod: (g, inputs, { axis, exclusive, reverse }) => {
    const x = countable(g, inputs.x!)
    const at = axesOf(axis, x)[0]!
    const n = x.shape[at]!
    if (n === 0) return x
    const part = { shape: x.shape.with(at, 1), dtype: x.dtype }
    const parts = g.ops('Split', [x, g.int64(Array(n).fill(1))], Array(n).fill(part), { axis: at })
    const ordered = reverse ? parts.toReversed() : parts
    const one = g.constant(x.dtype, part.shape, allocate(x.dtype as DType, part.shape).fill(1))
    const products = exclusive ? [one] : [ordered[0]!]
    for (const next of exclusive ? ordered.slice(0, -1) : ordered.slice(1))
      products.push(elementwise(g, 'Mul', products.at(-1)!, next))
    return g.op('Concat', reverse ? products.toReversed() : products, x.shape, x.dtype, { axis: at })
  },
  TopK: (g, { x }, { k }) => {
    const shape = [...x!.shape.slice(0, -1), k as number]
    // of no elements ONNX Runtime's TopK ends the process
    if (sizeOf(shape) === 0) return [g.constant(x!.dtype, shape, []), g.constant('int32', shape, [])]
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
