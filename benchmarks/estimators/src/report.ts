import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as Plot from '@observablehq/plot'
import { type Circumstances, inWords, markdownTable } from '@revflow/benchmark-shared'
import { figure } from '@revflow/trainer'
import { BASELINES, steps } from './contestants.ts'
import type { Row } from './study.ts'

const geometricMean = (values: readonly number[]) =>
  Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length)
const unique = <T>(values: readonly T[]): T[] => [...new Set(values)]
const significant = (value: number, digits = 2) => {
  const text = value.toPrecision(digits)
  return text.includes('e') ? Number(text).toExponential(digits - 1) : String(Number(text))
}

/** How many times less squared error each estimator has than the best baseline at the same cost, by time and over times. */
export function advantages(rows: readonly Row[], budget: number) {
  const own = rows.filter((row) => row.budget === budget)
  const times = unique(own.map(({ t }) => t))
  const best = new Map(
    times.map((t) => {
      const baselines = own.filter((row) => row.t === t && BASELINES.includes(row.estimator))
      return [t, Math.min(...baselines.map(({ squaredError }) => squaredError))] as const
    }),
  )
  return unique(own.map(({ estimator }) => estimator)).map((estimator) => {
    const mine = own.filter((row) => row.estimator === estimator)
    const ratios = mine.map((row) => best.get(row.t)! / row.squaredError)
    return { estimator, rows: mine, ratios, mean: geometricMean(ratios) }
  })
}

/** Ratios of one setting, an estimator a row. */
function costTable(rows: readonly Row[], budget: number): string {
  const found = advantages(rows, budget)
  const times = found[0]?.rows.map(({ t }) => t) ?? []
  const header = ['estimator', 'K', ...times.map((t) => `t = ${t}`), 'geometric mean']
  return markdownTable(
    header,
    found.map(({ estimator, rows: own, ratios, mean }) => [
      estimator,
      String(own[0]!.candidates),
      ...ratios.map((ratio) => significant(ratio)),
      `**${significant(mean)}**`,
    ]),
  )
}

const essOf = (rows: readonly Row[], estimator: string, select: (row: Row) => boolean) =>
  rows.filter((row) => row.estimator === estimator && select(row)).map(({ ess }) => significant(ess))

const scalesOf = (rows: readonly Row[]) => unique(rows.map(({ scale }) => scale))

function costSections(part: string, rows: readonly Row[]): string[] {
  return scalesOf(rows).flatMap((scale) => {
    const own = rows.filter((row) => row.scale === scale)
    const baseline = own[0]!.bounded ? 'qne' : 'rsm'
    return unique(own.map(({ budget }) => budget!)).map((budget) => {
      const ess = essOf(own, baseline, (row) => row.budget === budget).join(', ')
      return `### ${part}: scale ${significant(scale)}, cost ${budget}\n\nEffective samples of ${baseline}: ${ess}.\n\n${costTable(own, budget)}`
    })
  })
}

/** What the part `steps` shows, of all that was measured. */
const STEPS = ['qne', ...steps.map(({ name }) => name), 'rfm-box', 'rfm-box-sobol', 'rfm-two-stage', 'rfm-surrogate']

/** Squared errors at equal numbers of candidates, and how many times less than the first estimator's. */
function stepSections(part: string, rows: readonly Row[]): string[] {
  const names = part === 'steps' ? STEPS : unique(rows.map(({ estimator }) => estimator))
  const first = names[0]!
  return scalesOf(rows).flatMap((scale) =>
    unique(rows.map(({ candidates }) => candidates)).map((candidates) => {
      const own = rows.filter((row) => row.scale === scale && row.candidates === candidates)
      const of = (estimator: string) => own.filter((row) => row.estimator === estimator)
      const lines = names.map((name) => [
        name,
        ...of(name).map(({ squaredError }) => significant(squaredError)),
        significant(geometricMean(of(name).map((row, i) => of(first)[i]!.squaredError / row.squaredError))),
      ])
      const header = ['estimator', ...of(first).map(({ t }) => `t = ${t}`), `times less than ${first}`]
      const ess = essOf(own, first, () => true).join(', ')
      return `### ${part}: scale ${scale}, K = ${candidates}\n\nEffective samples of ${first}: ${ess}.\n\n${markdownTable(header, lines)}`
    }),
  )
}

/** Squared error against cost, a panel a time. */
function costPlot(rows: readonly Row[], scale: number): string {
  const names = ['qne', 'idem', 'rfm-box', 'rfm-box-sobol', 'rfm-two-stage', 'rfm-surrogate', 'smc']
  const data = rows.filter((row) => row.scale === scale && names.includes(row.estimator))
  return figure(`mean square error of E[X0|x] against critic evaluations, scale ${scale}`, {
    width: 1000,
    height: 360,
    x: { type: 'log', label: 'cost', ticks: [16, 32, 64, 128], tickFormat: 'd' },
    y: { type: 'log', label: 'squared error', grid: true },
    fx: { label: 't' },
    color: { domain: names },
    marks: [
      Plot.lineY(data, { x: 'cost', y: 'squaredError', z: 'estimator', stroke: 'estimator', fx: 't', strokeWidth: 2 }),
      Plot.text(
        data.filter(({ t }) => t === 0.9),
        Plot.selectLast({
          x: 'cost',
          y: 'squaredError',
          z: 'estimator',
          text: 'estimator',
          fill: 'estimator',
          fx: 't',
          textAnchor: 'end',
          dy: -8,
        }),
      ),
    ],
  } as Plot.PlotOptions)
}

/** The best of ours at each scale of the part `cost`, over costs. */
function summary(rows: readonly Row[]): string {
  const lines = scalesOf(rows).map((scale) => {
    const own = rows.filter((row) => row.scale === scale)
    const cells = unique(own.map(({ budget }) => budget!)).map((budget) => {
      const ours = advantages(own, budget).filter(({ estimator }) => !BASELINES.includes(estimator))
      const best = ours.reduce((a, b) => (b.mean > a.mean ? b : a))
      return `${significant(best.mean)}× ${best.estimator}`
    })
    return [String(scale), ...cells]
  })
  const budgets = unique(rows.map(({ budget }) => budget!))
  return markdownTable(['scale', ...budgets.map((budget) => `cost ${budget}`)], lines)
}

const INTRODUCTION = `Mean square error of E[X0|x] on the linear flow, over repetitions and energies, against a long run
(2^18 candidates). Costs count critic evaluations: a value 1, a value with its gradient 2; each estimator takes as many
candidates K as a cost affords. Numbers in the tables are how many times less squared error than the best published
estimator (qne, rsm, idem, dqs) at the same cost and time; more than 1 is better. On a box idem is biased (boundary term).

\`mlp\`: random networks 6→64→64→1 on [−1, 1]^6 (other dimensions where said), scale 1 varying by some 3 over the box;
x = t·u + (1−t)·z. \`mixture\`: log of four Gaussians in 2 dimensions. \`critic\`: the target critics of a trained
run at states of its replay, in standard deviations of Q over the box times the scale (an agent's default is 3.3); here of
\`npx -y pnpm@12 train cheetah-run --steps 20000 --seed 7\`. \`eta\`: every rule for the coefficient η of one control variate, on
the same candidates, with how many times less squared error than η = 0; the network of (x, t) learns from 3.1 million candidates of
each energy first.`

/** Writes `report.md` and plots of all rows there are. */
export function report(rows: readonly Row[], made: Readonly<Record<string, Circumstances>>, out: string): void {
  const of = (part: string) => rows.filter((row) => row.part === part)
  const cost = of('cost')
  for (const scale of scalesOf(cost)) writeFileSync(join(out, `cost-${scale}.svg`), costPlot(cost, scale))
  const overview = [
    '## Best of ours over the best published estimator, geometric mean over t',
    summary(cost),
    ...scalesOf(cost).map((scale) => `![error against cost, scale ${scale}](cost-${scale}.svg)`),
  ]
  const sections = unique(rows.map(({ part }) => part)).flatMap((part) => {
    const own = of(part)
    const { energies, repetitions } = own[0]!
    const tables = own[0]!.budget === undefined ? stepSections(part, own) : costSections(part, own)
    return [
      `## ${part}: ${energies} energies, ${repetitions} repetitions each`,
      ...(made[part] ? [`Made ${inWords([made[part]])}.`] : []),
      ...tables,
    ]
  })
  writeFileSync(
    join(out, 'report.md'),
    `${['# The estimator study', INTRODUCTION, ...overview, ...sections].join('\n\n')}\n`,
  )
}
