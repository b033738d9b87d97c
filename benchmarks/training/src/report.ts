import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRng } from '@revflow/core'
import { interquartileMean, type Scores, stratifiedBootstrap } from '@revflow/rl'
import { type Evaluation, evaluations, learningCurve, runFolder, writeFigure } from '@revflow/trainer'
import type { PlannedRun, Profile } from './plan.ts'

/** How an action is chosen at evaluation. */
const RULES = { return: 'noise-free', sampled: 'one draw', best: 'best draw by the critics' } as const
type Rule = keyof typeof RULES

interface FinishedRun extends PlannedRun {
  readonly curve: readonly Evaluation[]
}

/** Writes tables, curves, configurations and raw evaluations of what is done so far. Returns the number of runs in it. */
export function report(profile: Profile, runs: readonly PlannedRun[], runsDir: string, out: string): number {
  const finished = runs.flatMap((run): FinishedRun[] => {
    const folder = runFolder(runsDir, run.config)
    return existsSync(folder.summary) ? [{ ...run, curve: evaluations(folder) }] : []
  })
  mkdirSync(out, { recursive: true })
  for (const run of finished) {
    const folder = runFolder(runsDir, run.config)
    const name = `${run.config.task}-${run.variant}-seed${run.config.seed}`
    copyFileSync(folder.evaluations, join(out, `${name}.eval.jsonl`))
    copyFileSync(folder.config, join(out, `${name}.config.json`))
  }
  for (const task of profile.tasks) {
    const curves = Object.keys(profile.variants).map((variant) => ({
      name: variant,
      points: meanCurve(finished.filter((run) => run.variant === variant && run.config.task === task)),
    }))
    writeFigure(join(out, task), learningCurve({ title: task, curves: curves.filter((c) => c.points.length > 0) }))
  }
  const sections = (Object.keys(RULES) as Rule[]).map((rule) => ruleSection(profile, finished, rule))
  const heading = `${finished.length} of ${runs.length} runs, final evaluations. Intervals: 95 % bootstrap over seeds.`
  const pictures = profile.tasks.map((task) => `![${task}](${task}.svg)`)
  writeFileSync(join(out, 'report.md'), [`# ${profile.name}`, heading, ...sections, ...pictures, ''].join('\n\n'))
  return finished.length
}

/** Mean over seeds, with their least and greatest, at each evaluation all seeds have. */
function meanCurve(runs: readonly FinishedRun[]) {
  const steps = runs[0]?.curve.map(({ step }) => step) ?? []
  return steps.flatMap((step, i) => {
    const values = runs.flatMap(({ curve }) => (curve[i]?.step === step ? [curve[i].return] : []))
    if (values.length < runs.length) return []
    return [{ step, value: average(values), low: Math.min(...values), high: Math.max(...values) }]
  })
}

const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length
const final = (run: FinishedRun, rule: Rule) => run.curve.at(-1)![rule]
const fixed = (value: number, digits: number) => value.toFixed(digits)

function ruleSection(profile: Profile, runs: readonly FinishedRun[], rule: Rule): string {
  const of = (variant: string, task: string) =>
    runs.filter((run) => run.variant === variant && run.config.task === task).map((run) => final(run, rule))
  const variants = Object.keys(profile.variants)
  const rows = profile.tasks.flatMap((task) =>
    variants.map((variant) => {
      const returns = of(variant, task)
      const ratio = profile.baseline === undefined ? '' : ratioTo(returns, of(profile.baseline, task))
      const mean = returns.length === 0 ? '–' : fixed(average(returns), 1)
      return [task, variant, returns.map((r) => fixed(r, 1)).join(', '), mean, ratio]
    }),
  )
  const perTask = markdownTable(
    ['task', 'variant', 'returns by seed', 'mean', `ratio to ${profile.baseline ?? ''}`],
    rows,
  )
  const totals = variants.map((variant) => [variant, aggregate(profile, (task) => of(variant, task))])
  return [
    `## ${RULES[rule]} (\`${rule}\`)`,
    perTask,
    markdownTable(['variant', 'interquartile mean of return / 1000'], totals),
  ].join('\n\n')
}

/** Ratio of means with its interval, both sides resampled. */
function ratioTo(returns: readonly number[], baseline: readonly number[]): string {
  const n = Math.min(returns.length, baseline.length)
  if (n === 0) return '–'
  const pairs: Scores = Array.from({ length: n }, (_, i) => [returns[i]!, baseline[i]!])
  const ratio = (scores: Scores) => average(scores.map(([a]) => a!)) / average(scores.map(([, b]) => b!))
  return withInterval(pairs, ratio)
}

/** Interquartile mean over all tasks, as far as every task has runs. */
function aggregate({ tasks }: Profile, of: (task: string) => readonly number[]): string {
  const columns = tasks.map(of)
  const n = Math.min(...columns.map((column) => column.length))
  if (n === 0) return '–'
  const scores = Array.from({ length: n }, (_, i) => columns.map((column) => column[i]! / 1000))
  return withInterval(scores, interquartileMean)
}

function withInterval(scores: Scores, statistic: (scores: Scores) => number): string {
  const { low, high } = stratifiedBootstrap(scores, statistic, { rng: createRng(0), resamples: 20_000 })
  return `${fixed(statistic(scores), 2)} (${fixed(low, 2)} – ${fixed(high, 2)})`
}

export const markdownTable = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
