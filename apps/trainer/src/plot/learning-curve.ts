import { writeFileSync } from 'node:fs'
import * as Plot from '@observablehq/plot'
import { Resvg } from '@resvg/resvg-js'
import { parseHTML } from 'linkedom'

/** A return after so many environment steps. */
export interface CurvePoint {
  readonly step: number
  readonly value: number
  /** Interval around the value. */
  readonly low?: number
  readonly high?: number
}
/** One line of a figure, by the name it is told apart by. */
export interface Curve {
  readonly name: string
  readonly points: readonly CurvePoint[]
}

/** A learning curve as SVG: return against environment steps, a line and an interval for each curve. */
export function learningCurve({ title, curves }: { title: string; curves: readonly Curve[] }): string {
  const rows = curves.flatMap(({ name, points }) => points.map((point) => ({ name, ...point })))
  const banded = rows.filter((row) => row.low !== undefined && row.high !== undefined)
  return figure(title, {
    x: { label: 'environment steps', grid: true },
    y: { label: 'return', grid: true, zero: true },
    color: { legend: false, domain: curves.map(({ name }) => name) },
    marks: [
      Plot.ruleY([0]),
      Plot.areaY(banded, { x: 'step', y1: 'low', y2: 'high', fill: 'name', fillOpacity: 0.2 }),
      Plot.lineY(rows, { x: 'step', y: 'value', stroke: 'name', strokeWidth: 2 }),
      ...(curves.length > 1
        ? [
            Plot.text(
              rows,
              Plot.selectLast({
                x: 'step',
                y: 'value',
                z: 'name',
                text: 'name',
                fill: 'name',
                dx: -8,
                dy: -12,
                textAnchor: 'end',
              }),
            ),
          ]
        : []),
    ],
  })
}

/** A plot as SVG that stands by itself, its title inside. */
export function figure(title: string, options: Plot.PlotOptions): string {
  const { document } = parseHTML('<html><body></body></html>')
  const plot = Plot.plot({
    document,
    title,
    width: 720,
    height: 420,
    marginLeft: 56,
    marginRight: 32,
    marginTop: 36,
    marginBottom: 44,
    style: { background: 'white', color: 'black', fontFamily: 'sans-serif', fontSize: '13px' },
    ...options,
  } as Plot.PlotOptions)
  const svg = plot.tagName.toLowerCase() === 'svg' ? plot : plot.querySelector('svg')!
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  return withTitle(svg.outerHTML, title, (options.width ?? 720) / 2)
}

/** Plot puts its title outside of the picture; a file needs it inside. */
function withTitle(svg: string, title: string, centre: number): string {
  const text = title.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]!)
  const label = `<text x="${centre}" y="14" text-anchor="middle" font-size="14" font-weight="bold">${text}</text>`
  return svg.replace('</svg>', `${label}</svg>`)
}

/** Writes `<path>.svg` and `<path>.png`. The PNG's text needs a font on the system; the SVG needs none. */
export function writeFigure(path: string, svg: string): void {
  writeFileSync(`${path}.svg`, svg)
  const image = new Resvg(svg, { background: 'white', fitTo: { mode: 'zoom', value: 2 } }).render()
  writeFileSync(`${path}.png`, image.asPng())
}
