import { unflattenTree } from '@revflow/core'
import { HostTensor, type TensorSpec } from './host-tensor.ts'
import type { FlatSpec } from './trace/trace.ts'

/** The form of an argument: its tree, with the types and shapes of its tensors at the leaves. */
export type Form = TensorForm | { readonly [key: string]: Form }

class TensorForm {
  readonly dtype: TensorSpec['dtype']
  readonly shape: readonly number[]

  constructor({ dtype, shape }: TensorSpec) {
    this.dtype = dtype
    this.shape = shape
  }
}

/** The form of a flattened argument. */
export const formOf = (leaves: FlatSpec): Form =>
  unflattenTree<TensorForm>(leaves.map(([path, spec]) => [path, new TensorForm(spec)]))

/**
 * The tensors of arguments, an array each, where these are HostTensors in trees of just these forms; nothing else needs
 * flattening. Calls repeat hundreds of leaves: comparing them costs a tenth of naming them.
 */
export function tensorsOf(trees: readonly unknown[], forms: readonly Form[]): HostTensor[][] | undefined {
  if (trees.length !== forms.length) return undefined
  const found: HostTensor[][] = []
  for (const [i, tree] of trees.entries()) {
    const tensors: HostTensor[] = []
    if (!collect(tree, forms[i]!, tensors)) return undefined
    found.push(tensors)
  }
  return found
}

function collect(tree: unknown, form: Form, into: HostTensor[]): boolean {
  if (form instanceof TensorForm) {
    if (!(tree instanceof HostTensor) || tree.dtype !== form.dtype || !sameShape(tree.shape, form.shape)) return false
    into.push(tree)
    return true
  }
  if (typeof tree !== 'object' || tree === null || Object.getPrototypeOf(tree) !== Object.prototype) return false
  const [keys, known] = [Object.keys(tree), Object.keys(form)]
  if (keys.length !== known.length) return false
  return keys.every((key, i) => key === known[i] && collect((tree as Record<string, unknown>)[key], form[key]!, into))
}

const sameShape = (a: readonly number[], b: readonly number[]) =>
  a === b || (a.length === b.length && a.every((n, i) => n === b[i]))

/** A function that puts values, in order, at the paths given: {@link unflattenTree} with the paths taken apart once. */
export function treeBuilder<L>(paths: readonly string[]): (values: readonly L[]) => unknown {
  const places = unflattenTree<number>(paths.map((path, i) => [path, i]))
  const build = (node: typeof places, values: readonly L[]): unknown => {
    if (typeof node === 'number') return values[node]
    const tree: Record<string, unknown> = {}
    for (const key in node) tree[key] = build(node[key]!, values)
    return tree
  }
  return (values) => build(places, values)
}
