import { sizeOf } from '../host-tensor.ts'
import { ELEMENTWISE, type Graph, type Node, type Value } from './graph.ts'

/** Elementwise operations whose operands or results may be other than floats. */
const LOGICAL: ReadonlySet<string> = new Set(
  'And Equal Greater GreaterOrEqual Less LessOrEqual Not Or Where'.split(' '),
)
/** Runs of fewer numbers are worth a copy, where there are at least so many of them. */
const SHORT = 64
const MANY = 256

/**
 * Makes elementwise operations broadcast in long runs. ONNX Runtime broadcasts run by run, at the cost of some tens of
 * numbers each: [8192, 1] + 1 are 8,192 runs of one number, [8192] + 1 is one run; [512, 16, 6] − [512, 1, 6] are
 * 8,192 runs of 6, and one where the second is expanded first. Between operations without axes of size 1 nothing is
 * reshaped.
 */
export function lengthenRuns(graph: Graph): void {
  /** What values are reshaped from, by their names. */
  const sources = new Map<string, Value>()
  const sourceOf = (x: Value): Value => sources.get(x.name) ?? x
  const reshape = (x: Value, shape: readonly number[]): Value =>
    String(x.shape) === String(shape) ? x : graph.op('Reshape', [x, graph.int64(shape)], shape)

  for (const node of graph.nodes.splice(0)) {
    const { op, inputs, attributes } = node
    const [result] = node.outputs as [Value]
    if (op === 'Reshape') {
      const [from, shape] = inputs as [Value, Value]
      sources.set(result.name, sourceOf(from))
      graph.nodes.push({ ...node, inputs: [sourceOf(from), shape] })
      continue
    }
    if (!ELEMENTWISE.has(op) && !LOGICAL.has(op)) {
      graph.nodes.push(node)
      continue
    }
    const ones = onesOf(node)
    if (!ones.includes(true)) {
      graph.nodes.push({ ...node, inputs: lengthened(graph, inputs, result.shape) })
      continue
    }
    const without = ({ shape }: Value) => shape.filter((_, axis) => !ones[axis])
    const squeezed = inputs.map((x) => (x.shape.length === 0 ? x : reshape(sourceOf(x), without(x))))
    const operands = lengthened(graph, squeezed, without(result))
    const value = graph.op(op, operands, without(result), result.dtype, attributes)
    sources.set(result.name, value)
    const shape = graph.int64(result.shape)
    graph.nodes.push({ op: 'Reshape', inputs: [value, shape], outputs: [result], attributes: {} })
  }
  graph.prune()
}

/**
 * Which axes of size 1 lie inside or at the end of a result; none where an operand is neither of its rank nor a number, or
 * where there are no numbers.
 */
function onesOf({ inputs, outputs: [result] }: Node): boolean[] {
  const { shape } = result!
  if (shape.includes(0) || inputs.some((x) => x.shape.length > 0 && x.shape.length < shape.length)) return []
  const first = shape.findIndex((n) => n > 1)
  return shape.map((n, axis) => n === 1 && first >= 0 && axis > first)
}

/** Operands, those expanded that would be broadcast in many short runs beside one that is not broadcast. */
function lengthened(graph: Graph, operands: readonly Value[], shape: readonly number[]): readonly Value[] {
  if (!operands.some((x) => String(x.shape) === String(shape))) return operands
  return operands.map((x) => {
    const skipped = shape.length - x.shape.length
    const last = shape.findLastIndex((n, axis) => n > 1 && (x.shape[axis - skipped] ?? 1) === 1)
    const run = sizeOf(shape.slice(last + 1))
    const isShort = last >= 0 && last < shape.length - 1 && sizeOf(x.shape) > 1 && run < SHORT
    return isShort && sizeOf(shape) >= MANY * run ? graph.op('Expand', [x, graph.int64(shape)], shape) : x
  })
}
