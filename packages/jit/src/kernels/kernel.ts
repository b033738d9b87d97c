import { broadcast_util } from '@tensorflow/tfjs-core'
import type { Graph, Value } from '../graph/graph.ts'

/** Inputs of a TensorFlow.js kernel by name; list inputs (Concat, Pack, AddN) are named 0, 1, … */
export type Inputs = Readonly<Record<string, Value>>
/** Attributes of a TensorFlow.js kernel. Each mapping states the type it relies on. */
export type Attrs = Readonly<Record<string, unknown>>
/** Appends the ONNX form of a TensorFlow.js kernel to the graph. */
export type Kernel = (graph: Graph, inputs: Inputs, attrs: Attrs) => Value | readonly Value[]
export type KernelTable = Readonly<Record<string, Kernel>>

/** A list input, in order. */
export const listOf = (inputs: Inputs): Value[] => Object.values(inputs)

export const broadcastShape = (a: Value, b: Value): number[] =>
  broadcast_util.assertAndGetBroadcastShape([...a.shape], [...b.shape])

/**
 * Appends an elementwise operation on two broadcast operands. Broadcasts are carried outwards: the operation runs on
 * what an operand was expanded from, so that TensorFlow.js's gradients of sums cost nothing at the size of the input.
 */
export function elementwise(g: Graph, op: string, a: Value, b: Value, dtype = a.dtype): Value {
  const shape = broadcastShape(a, b)
  const [left, right] = [g.unexpanded(a), g.unexpanded(b)]
  const small = broadcastShape(left, right)
  const factor = op === 'Mul' && g.isOne(right) && String(left.shape) === String(small)
  const result = factor ? left : g.op(op, [left, right], small, dtype)
  return expand(g, result, shape)
}

/** A broadcast; nothing where the shape is right already. */
export const expand = (g: Graph, x: Value, shape: readonly number[]): Value =>
  String(x.shape) === String(shape) ? x : g.op('Expand', [x, g.int64(shape)], shape)
