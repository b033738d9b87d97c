import type { Graph, Node, Value } from './graph.ts'

/** Nodes by the names of their outputs, with their places in the graph. */
function producersOf(graph: Graph): Map<string, { node: Node; place: number }> {
  return new Map(graph.nodes.flatMap((node, place) => node.outputs.map(({ name }) => [name, { node, place }] as const)))
}

/**
 * Replaces what ONNX Runtime has a faster operation for: x/√(mean(x²) + ε)·scale over the last axis becomes its
 * SimplifiedLayerNormalization. That is none of ONNX, so exported models keep the plain form.
 */
export function fuse(graph: Graph): void {
  const producers = producersOf(graph)
  const constants = new Map(graph.initializers.map(({ name, bytes }) => [name, bytes]))
  /** The operation behind a value, where it is `op`. */
  const made = (value: Value | undefined, op: string): Node | undefined => {
    const node = value && producers.get(value.name)?.node
    return node?.op === op ? node : undefined
  }
  const number = ({ name }: Value): number | undefined => {
    const bytes = constants.get(name)
    return bytes?.length === 4 ? new Float32Array(bytes.slice().buffer)[0] : undefined
  }
  /** x and ε where `value` is 1/√(mean(x²) + ε) over the last axis. */
  const inverseDeviation = (value: Value): { x: Value; epsilon: number } | undefined => {
    const sum = made(made(made(value, 'Reciprocal')?.inputs[0], 'Sqrt')?.inputs[0], 'Add')
    const [mean] = (sum?.inputs ?? []).flatMap((input) => made(input, 'ReduceMean') ?? [])
    const epsilon = sum?.inputs.map(number).find((n) => n !== undefined)
    const [x, again] = made(mean?.inputs[0], 'Mul')?.inputs ?? []
    if (!x || x !== again || epsilon === undefined) return undefined
    return String(value.shape) === String([...x.shape.slice(0, -1), 1]) ? { x, epsilon } : undefined
  }

  const replaced = new Set<Node>()
  for (const node of [...graph.nodes]) {
    if (node.op !== 'Mul') continue
    const scale = node.inputs.find(({ shape }) => shape.length === 1)
    const normal = made(
      node.inputs.find((input) => input !== scale),
      'Mul',
    )
    const inverse = normal?.inputs.find((input) => inverseDeviation(input))
    if (!scale || !inverse) continue
    const { x, epsilon } = inverseDeviation(inverse)!
    if (scale.shape[0] !== x.shape.at(-1)) continue
    const { place: at } = producers.get(inverse.name)!
    // one deviation serves one norm: where it has several scales, the others keep the plain form
    if (graph.nodes[at]!.op !== 'Reciprocal' || !normal!.inputs.includes(x)) continue
    if ((producers.get(scale.name)?.place ?? -1) > at) continue
    graph.nodes[at] = {
      op: 'SimplifiedLayerNormalization',
      inputs: [x, scale],
      outputs: [node.outputs[0]!, inverse],
      attributes: { axis: -1, epsilon: { float: epsilon } },
    }
    replaced.add(node)
  }
  graph.nodes.splice(0, Infinity, ...graph.nodes.filter((node) => !replaced.has(node)))
  graph.prune()
}
