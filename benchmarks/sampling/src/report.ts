import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { markdownTable } from '@revflow/benchmark-shared'
import * as tf from '@tensorflow/tfjs'
import { type EnergyName, energies } from './energies/index.ts'
import { type Metrics, measure } from './evaluate.ts'
import { methods } from './methods.ts'
import type { Histogram } from './metrics/histogram.ts'
import { histogramLines, samplePanels } from './plot.ts'
import { loadReference, type ReferenceSummary } from './reference/reference.ts'
import { histograms, type Job, profiles, type Row, readRows, samplesFile } from './run.ts'

/** Columns of the tables: what a row says, and its digits. */
const columns: readonly (readonly [title: string, value: (row: Partial<Row>) => number | undefined, digits: number])[] =
  [
    ['ESS, %', ({ ess }) => ess && 100 * ess, 1],
    ['log Z error', ({ logZError }) => logZError, 2],
    ['W2', ({ w2 }) => w2, 3],
    ['W2 of energies', ({ energyW2 }) => energyW2, 2],
    ['W2 of distances', ({ distanceW2 }) => distanceW2, 3],
    ['modes of 40', ({ modes }) => modes, 1],
    ['overflowed, %', ({ lost }) => lost && 100 * lost, 1],
    ['seconds', ({ seconds }) => seconds, 0],
  ]

const titles: Readonly<Record<EnergyName, string>> = {
  mixture: '40-mode mixture in the plane',
  dw4: 'DW4: 4 particles in the plane, d = 6',
  lj13: 'LJ13: 13 particles in space, d = 36',
}

const INTRODUCTION = `# Sampling from energies alone

Made by \`npx -y pnpm@12 bench:sampling report\` of \`runs.jsonl\`. Cells are means over seeds, with the least and the
greatest where there are several. ESS and log Z error are those of importance weights with exact log densities along the
flow; ESS does not see modes that are missing. W2 is by optimal assignment of up to 1000 samples (DW4: the least over
rotations, reflections and exchanges of particles); the last line of a table is what the reference itself scores against
its other half. Coordinates of the mixture are divided by 50.`

const kinds = { trained: 'Trained', 'training-free': 'Training-free' } as const

/** Writes `report.md`, `reference.json` and pictures into `out`; returns how many runs they are of. */
export async function report(out: string, runsDir: string): Promise<number> {
  const rows = readRows(`${out}/runs.jsonl`)
  const names = (Object.keys(energies) as EnergyName[]).filter((name) => rows.some(({ energy }) => energy === name))
  const sections: string[] = []
  const summaries: ReferenceSummary[] = []
  for (const name of names) {
    const { summary, samples } = await loadReference(name, runsDir)
    summaries.push(summary)
    const own = rows.filter(({ energy }) => energy === name)
    const floor = await referenceAgainstItself(name, samples, summary.logZ)
    const pictures = await draw(name, own, samples, out, runsDir)
    sections.push(
      [
        `## ${titles[name]}`,
        describeReference(summary),
        ...(['trained', 'training-free'] as const).flatMap((kind) => {
          const of = own.filter((row) => row.kind === kind)
          return of.length > 0 ? [`### ${kinds[kind]}\n\n${conditions(name, kind, of)}`, table(of, floor)] : []
        }),
        ...pictures.map(([title, file]) => `![${title}](${file})`),
      ].join('\n\n'),
    )
  }
  writeFileSync(`${out}/reference.json`, `${JSON.stringify(summaries, null, 2)}\n`)
  writeFileSync(`${out}/report.md`, `${[INTRODUCTION, ...sections].join('\n\n')}\n`)
  return rows.length
}

/** What a perfect sampler of a thousand points would score: one half of the reference against the other. */
function referenceAgainstItself(name: EnergyName, samples: Float32Array, logZ: number): Promise<Metrics> {
  const energy = energies[name]()
  const rows = samples.length / energy.dim
  const middle = Math.floor(rows / 2) * energy.dim
  const first = samples.slice(0, Math.min(1000, rows / 2) * energy.dim)
  return measure(energy, { x: first }, { samples: samples.slice(middle), logZ })
}

const plusMinus = (value: number, error: number, digits: number) =>
  `${value.toFixed(digits)} ± ${error.toFixed(digits)}`

function describeReference(summary: ReferenceSummary): string {
  const { method, chains, samples, logZ, logZError, meanEnergy, meanEnergyError, energyDeviation } = summary
  if (chains === samples) return `Reference: ${samples} ${method}; log Z = ${logZ}.`
  return [
    `Reference: ${method}; ${samples} samples of ${chains} independent ensembles.`,
    `log Z = ${plusMinus(logZ, logZError, 3)}; mean energy ${plusMinus(meanEnergy, meanEnergyError, 3)} (deviation ${energyDeviation.toFixed(2)});`,
    `mean distance ${plusMinus(summary.meanDistance!, summary.meanDistanceError!, 4)};`,
    `least acceptance ${summary.leastMoved!.toFixed(2)} of moves, ${summary.leastExchanged!.toFixed(2)} of exchanges.`,
  ].join('\n')
}

function conditions(name: EnergyName, kind: Row['kind'], rows: readonly Row[]): string {
  const { train, flow, free } = profiles[name]
  const seeds = [...new Set(rows.map(({ seed }) => seed))].join(', ')
  const evaluations = (rows[0]!.evaluations / 1e6).toFixed(1)
  return kind === 'trained'
    ? `${train.updates} updates of B = ${train.batch}, K = ${train.candidates}, hidden ${train.hidden}: ${evaluations} million evaluations of energy and gradient. Measured on ${flow.samples} samples of the flow (Heun, ${flow.steps} steps, exact divergence). Seeds ${seeds}.`
    : `${free.samples} samples, ${free.steps} steps of the reverse SDE, ${free.evaluations} evaluations of energy and gradient a step and sample: ${evaluations} million. Seeds ${seeds}.`
}

/** Mean over seeds, with the least and the greatest value where there are several. */
function cell(values: readonly (number | undefined)[], digits: number): string {
  const known = values.filter((value) => value !== undefined)
  if (known.length === 0) return '–'
  const text = (value: number) => (Math.abs(value) < 1e3 ? value.toFixed(digits) : value.toExponential(0))
  const mean = text(known.reduce((a, b) => a + b, 0) / known.length)
  const [least, most] = [text(Math.min(...known)), text(Math.max(...known))]
  const range = least === most ? '' : ` (${least} – ${most})`
  return `${mean}${range}`
}

function table(rows: readonly Row[], floor: Metrics): string {
  const used = columns.filter(([, value]) => rows.some((row) => value(row) !== undefined))
  const values = (of: readonly Partial<Row>[]) => used.map(([, value, digits]) => cell(of.map(value), digits))
  const lines = Object.keys(methods).flatMap((name) => {
    const own = rows.filter(({ method }) => method === name)
    return own.length > 0 ? [[name, String(own.length), ...values(own)]] : []
  })
  const header = ['method', 'seeds', ...used.map(([title]) => title)]
  return markdownTable(header, [...lines, ['*reference, other half*', '–', ...values([floor])]], 'text')
}

/** Pictures of the first seed's samples; title and file of each. */
async function draw(name: EnergyName, rows: readonly Row[], reference: Float32Array, out: string, runsDir: string) {
  const pictures: [title: string, file: string][] = []
  const save = (title: string, suffix: string, svg: string) => {
    const file = `${name}-${suffix}.svg`
    writeFileSync(`${out}/${file}`, svg)
    pictures.push([title, file])
  }
  const expected = await histograms(name, reference)
  for (const [kind, word] of Object.entries(kinds) as [Row['kind'], string][]) {
    const first = inOrder(rows.filter((row) => row.kind === kind && row.seed === rows[0]!.seed))
    if (first.length === 0) continue
    if (name === 'mixture') {
      const panels = first.map((row) => [row.method, readSamples(row, runsDir)] as const).filter(([, x]) => x)
      const title = `${word}: samples over contours of the mixture`
      const shown = { ...Object.fromEntries(panels), reference: reference.subarray(0, 2 * SHOWN) }
      save(title, `${kind}-samples`, samplePanels(title, shown as Record<string, Float32Array>, mixtureLogDensity()))
    }
    const of = (key: 'energies' | 'distances') =>
      Object.fromEntries(first.flatMap((row) => (row[key] ? [[row.method, row[key] as Histogram]] : [])))
    const title = `${word}: energies`
    save(title, `${kind}-energies`, histogramLines(title, 'energy', expected.energies, of('energies')))
    if (!expected.distances) continue
    const second = `${word}: interatomic distances`
    save(second, `${kind}-distances`, histogramLines(second, 'distance', expected.distances, of('distances')))
  }
  return pictures
}

/** By method, as the registry lists them. */
const inOrder = (rows: readonly Row[]) =>
  Object.keys(methods).flatMap((name) => rows.filter(({ method }) => method === name))

const SHOWN = 400

function readSamples(job: Job, runsDir: string): Float32Array | undefined {
  const file = samplesFile(runsDir, job)
  if (!existsSync(file)) return undefined
  const bytes = readFileSync(file)
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)).subarray(
    0,
    2 * SHOWN,
  )
}

/** log density of the mixture at a point of the grid that contours are drawn from. */
function mixtureLogDensity(): (x: number, y: number) => number {
  const n = 231
  const at = (i: number) => -1 + (2 * i) / (n - 1)
  const grid = Float32Array.from({ length: 2 * n * n }, (_, i) =>
    at(i % 2 === 0 ? (i >> 1) % n : Math.floor((i >> 1) / n)),
  )
  const values = tf.tidy(() =>
    energies
      .mixture()
      .logTargetAndGrad(tf.tensor3d(grid, [1, n * n, 2]))
      .value.dataSync(),
  )
  const cell = (v: number) => Math.min(n - 1, Math.max(0, Math.round(((v + 1) / 2) * (n - 1))))
  return (x, y) => values[cell(y) * n + cell(x)]!
}
