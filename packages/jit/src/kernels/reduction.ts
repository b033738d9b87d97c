import { util } from '@tensorflow/tfjs-core'
import type { Graph, Value } from '../graph/graph.ts'
import { cast } from './elementwise.ts'
import type { Attrs, Kernel, KernelTable } from './kernel.ts'

const axesOf = (attr: unknown, x: Value): number[] =>
  util.parseAxisParam((attr ?? x.shape.map((_, i) => i)) as number | number[], [...x.shape])

/** Reduces over attribute `axis` (all axes where it is null). */
function reduce(g: Graph, op: string, x: Value, { axis, keepDims }: Attrs): Value {
  const axes = axesOf(axis, x)
  if (axes.length === 0) return x
  const shape = x.shape.flatMap((n, i) => (axes.includes(i) ? (keepDims ? [1] : []) : [n]))
  return g.op(op, [x, g.int64(axes)], shape, x.dtype, { keepdims: keepDims ? 1 : 0 })
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

const arg =
  (op: string): Kernel =>
  (g, { x }, { axis }) => {
    const along = axesOf(axis, x!)[0]!
    const shape = x!.shape.filter((_, i) => i !== along)
    return cast(g, g.op(op, [x!], shape, 'int64', { axis: along, keepdims: 0 }), 'int32')
  }

const softmax =
  (op: string, name: string): Kernel =>
  (g, { logits }, attrs) =>
    g.op(op, [logits!], logits!.shape, 'float32', { axis: axesOf(attrs[name], logits!)[0]! })

/** Reductions, and what normalises or accumulates along an axis. */
export const reductionKernels: KernelTable = {
  Sum: reduction('ReduceSum'),
  Mean: reduction('ReduceMean'),
  Max: (g, { x }, { reductionIndices, keepDims }) => reduce(g, 'ReduceMax', x!, { axis: reductionIndices, keepDims }),
  Min: reduction('ReduceMin'),
  Prod: reduction('ReduceProd'),
  All: logical('ReduceMin'),
  Any: logical('ReduceMax'),
  ArgMax: arg('ArgMax'),
  ArgMin: arg('ArgMin'),
  Softmax: softmax('Softmax', 'dim'),
  LogSoftmax: softmax('LogSoftmax', 'axis'),
  Cumsum: (g, { x }, { axis, exclusive, reverse }) =>
    g.op('CumSum', [x!, g.scalar(axesOf(axis, x!)[0]!, 'int64')], x!.shape, x!.dtype, {
      exclusive: exclusive ? 1 : 0,
      reverse: reverse ? 1 : 0,
    }),
  TopK: (g, { x }, { k, sorted }) => {
    const shape = [...x!.shape.slice(0, -1), k as number]
    const [values, indices] = g.ops(
      'TopK',
      [x!, g.int64([k as number])],
      [
        { shape, dtype: x!.dtype },
        { shape, dtype: 'int64' },
      ],
      { sorted: sorted ? 1 : 0 },
    )
    return [values!, cast(g, indices!, 'int32')]
  },
}
