import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import type { Histogram } from './metrics/histogram.ts'

/** A plot as an SVG file's text, its title inside. */
function figure(title: string, options: Plot.PlotOptions): string {
  const { document } = parseHTML('<html><body></body></html>')
  const plot = Plot.plot({
    ...options,
    document,
    marginTop: 52,
    style: { background: 'white', color: 'black', fontFamily: 'sans-serif', fontSize: '12px' },
  } as Plot.PlotOptions)
  const svg = plot.tagName.toLowerCase() === 'svg' ? plot : plot.querySelector('svg')!
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  const label = `<text x="${(options.width ?? 640) / 2}" y="16" text-anchor="middle" font-size="14" font-weight="bold">${title}</text>`
  // a tenth of a pixel is as fine as anyone sees, and a third of the bytes
  const short = (number: string) => String(Number(Number(number).toFixed(1)))
  return svg.outerHTML
    .replace(/ (d|cx|cy|transform)="[^"]*"/g, (attribute: string) => attribute.replace(/-?\d+\.\d{2,}/g, short))
    .replace('</svg>', `${label}</svg>`)
}

/** Samples in the plane, a panel each, over contours of a log density. */
export function samplePanels(
  title: string,
  panels: Readonly<Record<string, Float32Array>>,
  logDensity: (x: number, y: number) => number,
): string {
  const names = Object.keys(panels)
  const dots = names.flatMap((panel) =>
    Array.from({ length: panels[panel]!.length / 2 }, (_, i) => ({
      panel,
      x: panels[panel]![2 * i]!,
      y: panels[panel]![2 * i + 1]!,
    })),
  )
  const range = { domain: [-1, 1], label: null, ticks: [] }
  return figure(title, {
    width: 230 * names.length,
    height: 290,
    marginLeft: 8,
    marginRight: 8,
    marginBottom: 12,
    x: range,
    y: range,
    fx: { domain: names, label: null },
    marks: [
      Plot.contour({
        x1: -1,
        x2: 1,
        y1: -1,
        y2: 1,
        fill: 'none',
        stroke: '#bbb',
        strokeWidth: 0.7,
        value: logDensity,
        thresholds: [-4, -1, 1.2],
        pixelSize: 2,
      } as Plot.ContourOptions),
      Plot.dot(dots, { x: 'x', y: 'y', fx: 'panel', r: 1.1, fill: '#c33', fillOpacity: 0.6, clip: true }),
      Plot.frame({ stroke: '#ddd' }),
    ],
  })
}

/** Histograms as lines, the reference as a grey area. */
export function histogramLines(
  title: string,
  label: string,
  reference: Histogram,
  lines: Readonly<Record<string, Histogram>>,
): string {
  const steps = ({ low, high, density }: Histogram) => {
    const width = (high - low) / density.length
    return density.map((y, i) => ({ x: low + (i + 0.5) * width, y }))
  }
  const names = Object.keys(lines)
  const rows = names.flatMap((name) => steps(lines[name]!).map((point) => ({ name, ...point })))
  return figure(title, {
    width: 640,
    height: 340,
    marginLeft: 50,
    x: { label },
    y: { label: 'density', grid: true, domain: [0, 1.25 * Math.max(...reference.density)], clamp: true },
    color: { domain: names, scheme: 'Observable10' },
    marks: [
      Plot.areaY(steps(reference), { x: 'x', y: 'y', fill: '#ccc' }),
      Plot.lineY(rows, { x: 'x', y: 'y', stroke: 'name', strokeWidth: 1.6 }),
      // Plot's own legend lies outside of the picture
      ...names.map((name, i) =>
        Plot.text([name], { text: [name], fill: [name], frameAnchor: 'top-right', dx: -8, dy: 8 + 16 * i }),
      ),
    ],
  })
}
