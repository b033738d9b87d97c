import type { Graph, Node, Value } from './graph.ts'

/**
 * Multiplies constant rows by one matrix all at once: n products [1, F]·[F, H] become one, [n, F]·[F, H], of whose rows each
 * is a result. The times of a flow's steps make such rows, and each product reads the whole matrix. What is added to every
 * one of them, [1, H] or [H], is added to all at once too.
 */
export function joinProducts(graph: Graph): void {
  const constants = constantsFirst(graph)
  const byMatrix = new Map<string, Node[]>()
  for (const node of graph.nodes) {
    const [row, matrix] = node.inputs as [Value, Value]
    if (node.op !== 'MatMul' || !constants.has(row.name) || constants.has(matrix.name)) continue
    if (row.shape.length !== 2 || row.shape[0] !== 1 || matrix.shape.length !== 2) continue
    byMatrix.set(matrix.name, [...(byMatrix.get(matrix.name) ?? []), node])
  }
  for (const products of byMatrix.values()) if (products.length > 1) join(graph, products)
  graph.prune()
}

/** Moves what depends on constants alone to the front, and names it. */
function constantsFirst(graph: Graph): Set<string> {
  const names = new Set(graph.initializers.map(({ name }) => name))
  const [first, others]: [Node[], Node[]] = [[], []]
  for (const node of graph.nodes) {
    const isConstant = node.inputs.every(({ name }) => names.has(name))
    if (isConstant) for (const { name } of node.outputs) names.add(name)
    ;(isConstant ? first : others).push(node)
  }
  graph.nodes.splice(0, Infinity, ...first, ...others)
  return names
}

function join(graph: Graph, products: readonly Node[]): void {
  const [features, matrix] = products[0]!.inputs as [Value, Value]
  const [n, f, h] = [products.length, features.shape[1]!, matrix.shape[1]!]
  const sums = sumsOf(graph, products)
  const replaced = new Set(sums ? [...products, ...sums.nodes] : products)
  const last = sums?.nodes ?? products
  const place = graph.nodes.findIndex((node) => last.includes(node))
  const start = graph.nodes.length
  const rows = graph.op('Concat', products.map(({ inputs: [row] }) => row!), [n, f], 'float32', { axis: 0 }) // biome-ignore format: a line
  const all = graph.op('MatMul', [rows, matrix], [n, h])
  const added = sums ? graph.op('Add', [all, sums.addend], [n, h]) : all
  const results = last.map(({ outputs }) => outputs[0]!)
  graph.nodes.push({
    op: 'Split',
    inputs: [added, graph.int64(results.map(() => 1))],
    outputs: results,
    attributes: { axis: 0 },
  })
  graph.nodes.splice(place, 0, ...graph.nodes.splice(start))
  graph.nodes.splice(0, Infinity, ...graph.nodes.filter((node) => !replaced.has(node)))
}

/** The additions that use the products, where each is used by one alone and all add the same row to it. */
function sumsOf(graph: Graph, products: readonly Node[]): { nodes: readonly Node[]; addend: Value } | undefined {
  const nodes: Node[] = []
  let addend: Value | undefined
  for (const { outputs } of products) {
    const [{ name, shape }] = outputs as [Value]
    const [sum, ...others] = graph.nodes.filter(({ inputs }) => inputs.some((input) => input.name === name))
    if (sum?.op !== 'Add' || others.length > 0 || String(sum.outputs[0]!.shape) !== String(shape)) return undefined
    const other = sum.inputs.find((input) => input.name !== name)
    if (!other || (addend && other.name !== addend.name)) return undefined
    addend = other
    nodes.push(sum)
  }
  return addend && { nodes, addend }
}
