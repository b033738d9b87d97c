import { lookUp } from '@revflow/core'
import { type Sigmoid, tolerance } from '../tolerance.ts'
import { type Comparison, createComparer } from './comparison.ts'
import type { ToleranceTable } from './schemas.ts'

const allowed = 1e-12
const sigmoidNames: readonly Sigmoid[] = [
  'gaussian',
  'hyperbolic',
  'long_tail',
  'reciprocal',
  'cosine',
  'linear',
  'quadratic',
  'tanh_squared',
]
const byName = Object.fromEntries(sigmoidNames.map((name) => [name, name]))

/** Compares `tolerance` with a table of its values, within 1e-12. */
export function compareTolerance(table: ToleranceTable): Comparison {
  const comparer = createComparer(allowed)
  for (const [i, { bounds, margin, sigmoid, value_at_margin: valueAtMargin, x, y }] of table.cases.entries()) {
    const options = {
      bounds: { lower: bounds[0]!, upper: bounds[1]! },
      margin,
      valueAtMargin,
      sigmoid: lookUp('sigmoid', sigmoid, byName),
    }
    comparer.check(
      `case ${i} (${sigmoid})`,
      x.map((value) => tolerance(value, options)),
      y,
      allowed,
    )
  }
  return comparer.result()
}
