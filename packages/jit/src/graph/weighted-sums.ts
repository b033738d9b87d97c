import type { Graph, Node, Value } from './graph.ts'

/**
 * Makes the sum over k of w_k·x_k, weights [..., K, 1] and vectors [..., K, A], one product [..., 1, K]·[..., K, A]:
 * ONNX Runtime would broadcast the weights in runs of A numbers, and add rows of A.
 */
export function multiplyWeightedSums(graph: Graph): void {
  const products = new Map<string, readonly [w: Value, x: Value]>()
  for (const { op, inputs, outputs } of graph.nodes) {
    if (op !== 'Mul' || outputs[0]!.dtype !== 'float32') continue
    const [a, b] = inputs as [Value, Value]
    const pair = isWeighted(a, b) ? ([a, b] as const) : isWeighted(b, a) ? ([b, a] as const) : undefined
    if (pair) products.set(outputs[0]!.name, pair)
  }
  for (const node of graph.nodes.splice(0)) {
    const pair = products.get(node.inputs[0]?.name ?? '')
    if (!pair || !sumsRows(graph, node)) {
      graph.nodes.push(node)
      continue
    }
    const [w, x] = pair
    const [k, a] = x.shape.slice(-2) as [number, number]
    const outer = x.shape.slice(0, -2)
    const [result] = node.outputs as [Value]
    const row = graph.op('Reshape', [w, graph.int64([...outer, 1, k])], [...outer, 1, k])
    const sum = graph.op('MatMul', [row, x], [...outer, 1, a])
    graph.nodes.push({ op: 'Reshape', inputs: [sum, graph.int64(result.shape)], outputs: [result], attributes: {} })
  }
  graph.prune()
}

/** Whether w has one number for each row of x, of two axes at least. */
const isWeighted = (w: Value, x: Value): boolean =>
  x.shape.length >= 2 && x.shape.at(-1)! > 1 && String(w.shape) === String([...x.shape.slice(0, -1), 1])

/** Whether a node is a sum over the last axis but one of its first operand. */
function sumsRows(graph: Graph, { op, inputs: [x, axes] }: Node): boolean {
  return op === 'ReduceSum' && axes !== undefined && graph.isAxis(axes, x!.shape.length - 2)
}
