import * as Plot from '@observablehq/plot'
import { figure } from '@revflow/trainer'
import type { Estimate } from './summary.ts'

type Named<T> = T & { readonly variant: string }

const legend = (variants: readonly string[], rows: readonly Named<object>[], x: string, y: string) => ({
  color: { legend: false, domain: [...variants] },
  marginRight: 110,
  label: Plot.text(
    rows,
    Plot.selectLast({ x, y, z: 'variant', text: 'variant', fill: 'variant', dx: 6, textAnchor: 'start' }),
  ),
})

/** Interquartile mean against environment steps, with intervals. */
export function efficiencyFigure(variants: readonly string[], rows: readonly Named<Estimate & { step: number }>[]) {
  const { label, ...options } = legend(variants, rows, 'step', 'value')
  return figure('interquartile mean of return / 1000', {
    ...options,
    x: { label: 'environment steps', grid: true },
    y: { label: null, grid: true, zero: true },
    marks: [
      Plot.ruleY([0]),
      Plot.areaY(rows, { x: 'step', y1: 'low', y2: 'high', fill: 'variant', fillOpacity: 0.15 }),
      Plot.lineY(rows, { x: 'step', y: 'value', stroke: 'variant', strokeWidth: 2 }),
      label,
    ],
  })
}

/** Share of runs above a score, with intervals. */
export function profileFigure(variants: readonly string[], rows: readonly Named<Estimate & { tau: number }>[]) {
  const { label: _, ...options } = legend(variants, rows, 'tau', 'value')
  // the lines meet at the right: name each where it starts to fall
  const middle = rows.filter(({ value }) => value >= 0.5)
  return figure('share of runs with a final score above τ', {
    ...options,
    x: { label: 'τ, return / 1000', grid: true },
    y: { label: null, grid: true, domain: [0, 1] },
    marks: [
      Plot.areaY(rows, { x: 'tau', y1: 'low', y2: 'high', fill: 'variant', fillOpacity: 0.12 }),
      Plot.lineY(rows, { x: 'tau', y: 'value', stroke: 'variant', strokeWidth: 2 }),
      Plot.text(
        middle,
        Plot.selectLast({ x: 'tau', y: 'value', z: 'variant', text: 'variant', fill: 'variant', dx: 4, textAnchor: 'start' }), // biome-ignore format: one mark
      ),
    ],
  })
}

/** An estimate and its interval for each variant. */
export function intervalFigure(title: string, rows: readonly Named<Estimate>[], centre?: number) {
  return figure(title, {
    height: 90 + 30 * rows.length,
    marginLeft: 130,
    x: { label: null, grid: true },
    y: { label: null, domain: rows.map(({ variant }) => variant) },
    marks: [
      ...(centre === undefined ? [] : [Plot.ruleX([centre], { strokeDasharray: '4 3' })]),
      Plot.ruleY(rows, { x1: 'low', x2: 'high', y: 'variant', strokeWidth: 8, strokeOpacity: 0.3 }),
      Plot.dot(rows, { x: 'value', y: 'variant', fill: 'black', r: 4 }),
    ],
  })
}
