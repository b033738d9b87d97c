/**
 * A nested plain record whose leaves are anything but plain records: tensors, typed arrays, specifications. A record without
 * leaves counts for nothing: what makes a tree of another leaves it out.
 */
export type Tree<L> = L | { readonly [key: string]: Tree<L> }

function isBranch<L>(node: Tree<L>): node is { readonly [key: string]: Tree<L> } {
  return typeof node === 'object' && node !== null && Object.getPrototypeOf(node) === Object.prototype
}

/** The leaves with their paths (`a/b/c`), in the order of the keys. */
export function flattenTree<L>(tree: Tree<L>, path = ''): [path: string, leaf: L][] {
  if (!isBranch(tree)) return [[path, tree]]
  return Object.entries(tree).flatMap(([key, node]) => {
    if (key === '' || key.includes('/')) throw new TypeError(`key '${key}' of a tree: expected a name without '/'`)
    return flattenTree(node, path === '' ? key : `${path}/${key}`)
  })
}

/** The leaves, in the order of the keys. */
export function treeLeaves<L>(tree: Tree<L>): L[] {
  return flattenTree(tree).map(([, leaf]) => leaf)
}

/** Rebuilds a tree from paths and leaves: the inverse of {@link flattenTree}. */
export function unflattenTree<L>(entries: Iterable<readonly [path: string, leaf: L]>): Tree<L> {
  const root: Record<string, unknown> = {}
  for (const [path, leaf] of entries) {
    if (path === '') return leaf
    const keys = path.split('/')
    let node = root
    for (const key of keys.slice(0, -1)) {
      node[key] ??= {}
      node = node[key] as Record<string, unknown>
    }
    node[keys.at(-1)!] = leaf
  }
  return root as Tree<L>
}

/**
 * Applies `fn` to the leaves of one tree, or to corresponding leaves of several trees of the same structure.
 * @throws TypeError naming the path where a further tree has another structure
 */
export function mapTree<L, R>(fn: (leaf: L, ...others: L[]) => R, tree: Tree<L>, ...others: Tree<L>[]): Tree<R> {
  const rest = others.map((other) => new Map(flattenTree(other)))
  const entries = flattenTree(tree)
  for (const [i, map] of rest.entries())
    if (map.size !== entries.length)
      throw new TypeError(`tree ${i + 2} has ${map.size} leaves, tree 1 ${entries.length}`)
  return unflattenTree(
    entries.map(([path, leaf]) => {
      const corresponding = rest.map((map, i) => {
        if (!map.has(path)) throw new TypeError(`tree ${i + 2} has no leaf '${path}'`)
        return map.get(path)!
      })
      return [path, fn(leaf, ...corresponding)] as const
    }),
  )
}
