import { lookUp, nearest, parseOptions, RevflowError } from '@revflow/core'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const schema = z.strictObject({
  rate: z.number().positive(),
  size: z.int().max(10).default(3),
  kind: z.enum(['linear', 'cosine']).default('linear'),
  inner: z.strictObject({ depth: z.int() }).optional(),
  rule: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('spread'), scale: z.number().default(1) }),
      z.strictObject({ kind: z.literal('fixed'), value: z.number().default(1) }),
    ])
    .optional(),
  pairs: z.int().multipleOf(2).optional(),
})
const message = (value: unknown) => {
  try {
    parseOptions(schema, value, 'options')
  } catch (error) {
    return (error as RevflowError).message
  }
  return 'accepted'
}

describe('parseOptions', () => {
  it('fills defaults in', () => {
    expect(parseOptions(schema, { rate: 1 }, 'options')).toEqual({ rate: 1, size: 3, kind: 'linear' })
  })

  it('names the field, what was expected, what came, and the nearest choice', () => {
    expect(message({ rate: 1, sise: 2 })).toMatchInlineSnapshot(
      `"options.sise: expected one of rate, size, kind, inner, rule, pairs, received 'sise'; did you mean 'size'?"`,
    )
    expect(message({ rate: 1, inner: { depht: 2, depth: 1 } })).toMatchInlineSnapshot(
      `"options.inner.depht: expected one of depth, received 'depht'; did you mean 'depth'?"`,
    )
    expect(message({ rate: 'fast' })).toMatchInlineSnapshot(
      `"options.rate: expected a value of type number, received 'fast'"`,
    )
    expect(message({})).toMatchInlineSnapshot(`"options.rate: expected a value of type number, received nothing"`)
    expect(message({ rate: 0 })).toMatchInlineSnapshot(`"options.rate: expected more than 0, received 0"`)
    expect(message({ rate: 1, size: 11 })).toMatchInlineSnapshot(`"options.size: expected at most 10, received 11"`)
    expect(message({ rate: 1, kind: 'cosin' })).toMatchInlineSnapshot(
      `"options.kind: expected one of linear, cosine, received 'cosin'; did you mean 'cosine'?"`,
    )
    expect(message({ rate: 1, pairs: 7 })).toMatchInlineSnapshot(
      `"options.pairs: expected a multiple of 2, received 7"`,
    )
  })

  it('names the kinds of a choice, and the keys of the kind chosen', () => {
    expect(message({ rate: 1, rule: { kind: 'spraed' } })).toMatchInlineSnapshot(
      `"options.rule.kind: expected one of spread, fixed, received 'spraed'; did you mean 'spread'?"`,
    )
    expect(message({ rate: 1, rule: {} })).toMatchInlineSnapshot(
      `"options.rule.kind: expected one of spread, fixed, received nothing"`,
    )
    expect(message({ rate: 1, rule: { kind: 'fixed', valu: 2 } })).toMatchInlineSnapshot(
      `"options.rule.valu: expected one of kind, value, received 'valu'; did you mean 'value'?"`,
    )
  })
})

describe('lookUp', () => {
  it('finds by own name only', () => {
    expect(lookUp('thing', 'a', { a: 1 })).toBe(1)
    expect(() => lookUp('thing', 'toString', { apple: 1, pear: 2 })).toThrow(RevflowError)
    expect(() => lookUp('thing', 'appel', { apple: 1, pear: 2 })).toThrow(
      "thing: expected one of apple, pear, received 'appel'; did you mean 'apple'?",
    )
    expect(nearest('x', [])).toBeUndefined()
  })
})
