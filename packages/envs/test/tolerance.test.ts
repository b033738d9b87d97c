import { expect, test } from 'vitest'
import { type Sigmoid, tolerance } from '../src/index.ts'

const sigmoids: Sigmoid[] = [
  'gaussian',
  'hyperbolic',
  'long_tail',
  'reciprocal',
  'cosine',
  'linear',
  'quadratic',
  'tanh_squared',
]

test.each(sigmoids)('%s is 1 within the bounds, the given value at the margin, and falls monotonically', (sigmoid) => {
  const options = { bounds: { lower: -1, upper: 2 }, margin: 0.5, sigmoid, valueAtMargin: 0.2 }
  for (const x of [-1, 0, 2]) expect(tolerance(x, options)).toBe(1)
  for (const x of [-1.5, 2.5]) expect(tolerance(x, options)).toBeCloseTo(0.2, 12)
  const values = Array.from({ length: 40 }, (_, i) => tolerance(2 + 0.05 * i, options))
  for (const [i, value] of values.slice(1).entries()) expect(value).toBeLessThanOrEqual(values[i]!)
})

test('without a margin it is a step, without bounds the point 0', () => {
  expect(tolerance(0)).toBe(1)
  expect(tolerance(1e-9)).toBe(0)
  expect(tolerance(5, { bounds: { lower: 4 } })).toBe(1)
})

test('errors name the option', () => {
  expect(() => tolerance(0, { bounds: { lower: 1, upper: 0 } })).toThrowErrorMatchingInlineSnapshot(
    `[RevflowError: tolerance.bounds: expected lower ≤ upper, received 1 … 0]`,
  )
  expect(() => tolerance(0, { margin: -1 })).toThrowErrorMatchingInlineSnapshot(
    `[RevflowError: tolerance.margin: expected at least 0, received -1]`,
  )
  expect(() => tolerance(1, { margin: 1, valueAtMargin: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[RevflowError: tolerance.valueAtMargin: expected (0, 1), received 0]`,
  )
  expect(() => tolerance(1, { margin: 1, valueAtMargin: 1, sigmoid: 'linear' })).toThrowErrorMatchingInlineSnapshot(
    `[RevflowError: tolerance.valueAtMargin: expected [0, 1), received 1]`,
  )
  expect(() => tolerance(1, { margin: 1, sigmoid: 'gausian' as Sigmoid })).toThrowErrorMatchingInlineSnapshot(
    `[RevflowError: tolerance.sigmoid: expected one of gaussian, hyperbolic, long_tail, reciprocal, cosine, linear, quadratic, tanh_squared, received 'gausian'; did you mean 'gaussian'?]`,
  )
})
