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

/** Appends an elementwise operation on two broadcast operands. */
export const elementwise = (g: Graph, op: string, a: Value, b: Value, dtype = a.dtype): Value =>
  g.op(op, [a, b], broadcastShape(a, b), dtype)
