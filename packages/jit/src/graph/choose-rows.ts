import { sizeOf } from '../host-tensor.ts'
import { ELEMENTWISE, type Graph, type Node, type Value } from './graph.ts'

/** Fewer rows are not worth it. */
const FEWEST_ROWS = 64

const leading = ({ shape }: Value): readonly number[] => shape.slice(0, -1)
/** Whether a value is n rows over its leading axes: [n, w], or [b, k, w] with b·k = n. */
const isRows = (x: Value, n: number): boolean => x.shape.length >= 2 && sizeOf(leading(x)) === n
/** Numbers a row of n rows; one where a value has only an axis, or axes, for the rows: [n], or [b, k] with b·k = n. */
const widthOf = (x: Value, n: number): number => (isRows(x, n) ? x.shape.at(-1)! : 1)

/** Whether each row of `result` needs but its own row of an elementwise operand. */
const isAligned = (x: Value, result: Value, n: number): boolean =>
  isRows(result, n) ? isRows(x, n) && x.shape.length === result.shape.length : String(x.shape) === String(result.shape)
/** Whether all rows of `result` need the same of an elementwise operand: a number, or one row. */
const isShared = (x: Value, result: Value, n: number): boolean =>
  sizeOf(x.shape) === 1 || (isRows(result, n) && sizeOf(leading(x)) === 1)

/**
 * Where a tf.where() takes whole rows of one value or another, computes of each only the rows that are taken: the
 * gradients of two critics of which the smaller counts become half the work. How many rows those are is known only when
 * the graph runs.
 */
export function chooseRows(graph: Graph): void {
  for (const node of graph.nodes.filter(({ op }) => op === 'Where')) {
    const [condition, ...branches] = node.inputs as [Value, Value, Value]
    const [result] = node.outputs as [Value]
    const n = sizeOf(leading(result))
    const byRow = String(graph.unexpanded(condition).shape) === String([...leading(result), 1])
    if (!byRow || n < FEWEST_ROWS || result.dtype !== 'float32') continue
    if (branches.some(({ shape }) => String(shape) !== String(result.shape))) continue
    const cones = branches.map((branch) => coneOf(graph, branch, node, n))
    if (cones.some((cone) => [...cone].some(({ op }) => op === 'MatMul' || op === 'Gemm')))
      replace(graph, node, cones, n)
  }
  graph.prune()
}

/** The operations that serve `value` alone and work row by row. */
function coneOf(graph: Graph, value: Value, user: Node, n: number): Set<Node> {
  const users = new Map<string, Node[]>()
  for (const node of graph.nodes)
    for (const { name } of node.inputs) {
      const known = users.get(name)
      if (known) known.push(node)
      else users.set(name, [node])
    }
  const outputs = new Set(graph.outputs.map(({ name }) => name))
  const cone = new Set<Node>()
  const wanted = new Set([value.name])
  for (const node of graph.nodes.slice(0, graph.nodes.indexOf(user)).reverse()) {
    const [{ name }] = node.outputs as [Value]
    if (!wanted.has(name) || outputs.has(name) || !isRowWise(graph, node, n)) continue
    if (!users.get(name)!.every((other) => other === user || cone.has(other))) continue
    cone.add(node)
    for (const input of node.inputs) wanted.add(input.name)
  }
  return cone
}

function isRowWise(graph: Graph, { op, inputs, outputs, attributes }: Node, n: number): boolean {
  const [result] = outputs as [Value]
  const [first, second] = inputs as [Value, Value]
  if (outputs.length !== 1 || sizeOf(result.shape) !== n * widthOf(result, n)) return false
  if (ELEMENTWISE.has(op)) return inputs.every((x) => isAligned(x, result, n) || isShared(x, result, n))
  if (op === 'Reshape') return widthOf(first, n) === widthOf(result, n)
  if (!isRows(first, n)) return false
  if (op === 'MatMul' || op === 'Gemm')
    return inputs.length === 2 && first.shape.length === 2 && second.shape.length === 2 && attributes.transA !== 1
  return (op === 'ReduceSum' || op === 'ReduceMean') && graph.isAxis(second, first.shape.length - 1)
}

/** Computes both branches on their rows, and puts the rows back in place. */
function replace(graph: Graph, where: Node, cones: readonly Set<Node>[], n: number): void {
  const [condition, ...branches] = where.inputs as [Value, Value, Value]
  const [result] = where.outputs as [Value]
  const width = result.shape.at(-1)!
  const rows = Math.ceil(n / 2)
  const start = graph.nodes.length
  const taken = graph.op('Reshape', [graph.unexpanded(condition), graph.int64([n])], [n])
  const places = [taken, graph.op('Not', [taken], [n])].map((mask) =>
    graph.op('Reshape', [graph.op('NonZero', [mask], [1, rows], 'int64'), graph.int64([-1])], [rows]),
  )
  const parts = branches.map((branch, i) => onRows(graph, branch, { cone: cones[i]!, places: places[i]!, n, rows }))
  const order = graph.op('Concat', places, [n], 'int64', { axis: 0 })
  const scattered = graph.op(
    'ScatterND',
    [
      graph.constant('float32', [n, width], new Float32Array(n * width)),
      graph.op('Reshape', [order, graph.int64([n, 1])], [n, 1]),
      graph.op('Concat', parts, [n, width], 'float32', { axis: 0 }),
    ],
    [n, width],
  )
  const added = graph.nodes.splice(start)
  added.push({ op: 'Reshape', inputs: [scattered, graph.int64(result.shape)], outputs: [result], attributes: {} })
  graph.nodes.splice(graph.nodes.indexOf(where), 1, ...added)
}

interface Rows {
  readonly cone: ReadonlySet<Node>
  /** Which rows, [rows], int64 */
  readonly places: Value
  readonly n: number
  /** How many, in the mean */
  readonly rows: number
}

/** The rows of `value`, [rows, w]: by the cone's operations on the rows of their operands, or gathered. */
function onRows(graph: Graph, value: Value, { cone, places, n, rows }: Rows): Value {
  const makers = new Map([...cone].map((node) => [node.outputs[0]!.name, node]))
  const known = new Map<string, Value>()
  const reshape = (x: Value, shape: readonly number[]) =>
    String(x.shape) === String(shape) ? x : graph.op('Reshape', [x, graph.int64(shape)], shape)
  const rowsOf = (x: Value): Value => {
    const made = known.get(x.name) ?? make(x)
    known.set(x.name, made)
    return made
  }
  const make = (x: Value): Value => {
    const node = makers.get(x.name)
    const shape = [rows, widthOf(x, n)]
    if (!node) return graph.op('Gather', [reshape(x, [n, shape[1]!]), places], shape, x.dtype, { axis: 0 })
    const { op, attributes } = node
    const [first, second] = node.inputs as [Value, Value]
    if (op === 'Reshape') return rowsOf(first)
    if (op.startsWith('Reduce')) return graph.op(op, [rowsOf(first), graph.int64([1])], shape, x.dtype, { keepdims: 1 })
    if (!ELEMENTWISE.has(op)) return graph.op(op, [rowsOf(first), second], shape, x.dtype, attributes)
    const operands = node.inputs.map((input) =>
      isAligned(input, x, n) ? rowsOf(input) : reshape(input, input.shape.slice(-1)),
    )
    return graph.op(op, operands, shape, x.dtype, attributes)
  }
  return rowsOf(value)
}
