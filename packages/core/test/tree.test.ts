import { flattenTree, mapTree, treeLeaves, unflattenTree } from '@revflow/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const key = fc.string({ minLength: 1, maxLength: 4 }).filter((k) => !k.includes('/') && k !== '__proto__')
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.integer(),
    fc.dictionary(key, tie('tree'), { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
  ),
}))

describe('trees', () => {
  it('have keys that paths can tell apart', () => {
    for (const name of ['a/b', '']) expect(() => flattenTree({ x: { [name]: 1 } })).toThrow(`key '${name}' of a tree`)
  })

  it('flatten and unflatten to themselves, maps keep the structure', () => {
    fc.assert(
      fc.property(tree, (value) => {
        const leaves = value as never
        expect(unflattenTree(flattenTree(leaves))).toEqual(value)
        expect(treeLeaves(mapTree((n: number) => n + 1, leaves))).toEqual(treeLeaves<number>(leaves).map((n) => n + 1))
      }),
    )
  })

  it('map several trees together and name a leaf that one lacks', () => {
    const add = (a: number, b: number) => a + b
    expect(mapTree(add, { a: 1, b: { c: 2 } }, { a: 10, b: { c: 20 } })).toEqual({ a: 11, b: { c: 22 } })
    expect(() => mapTree(add, { a: 1 }, { b: 1 })).toThrow("tree 2 has no leaf 'a'")
    expect(() => mapTree(add, { a: 1 }, { a: 1, b: 1 })).toThrow('tree 2 has 2 leaves, tree 1 1')
  })
})
