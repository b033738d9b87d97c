import type { Profile } from './plan.ts'
import { costOf, type FinishedRun, millisecondsPerUpdate, type Rule } from './results.ts'
import { aggregate, average, type Estimate, estimate, final, improvement, runsOf, scoresOf } from './summary.ts'

export interface Table {
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

const NONE = '–'
const fixed = (value: number, digits: number) => (value === Infinity ? '∞' : value.toFixed(digits))
/** An estimate and its interval, which one run a task does not give. */
const withInterval = (estimate: Estimate | undefined, ...groups: readonly (readonly unknown[])[]) => {
  if (estimate === undefined) return NONE
  const { value, low, high } = estimate
  const interval = groups.every((group) => group.length > 1) ? ` (${fixed(low, 2)} – ${fixed(high, 2)})` : ''
  return `${fixed(value, 2)}${interval}`
}

const COST = ['ms an update', 'critic evaluations an update', 'policy evaluations an update']

function cost(runs: readonly FinishedRun[]): string[] {
  const [first] = runs
  if (!first) return COST.map(() => NONE)
  const { criticEvaluations, policyEvaluations } = costOf(first)
  const time = millisecondsPerUpdate(runs)
  return [time === undefined ? NONE : fixed(time, 1), `${criticEvaluations}`, `${policyEvaluations}`]
}

/** Returns of each task and variant by a rule, and their ratio to the baseline's. */
export function taskTable(profile: Profile, runs: readonly FinishedRun[], rule: Rule): Table {
  const { baseline } = profile
  const returns = (variant: string, task: string) => runsOf(runs, variant, task).map((run) => final(run, rule))
  const rows = profile.tasks.flatMap((task) =>
    Object.keys(profile.variants).map((variant) => {
      const own = returns(variant, task)
      const mean = own.length === 0 ? NONE : fixed(average(own), 1)
      const ratio = baseline === undefined ? [] : [ratioTo(own, returns(baseline, task))]
      return [
        task,
        variant,
        own.map((r) => fixed(r, 1)).join(', '),
        mean,
        ...ratio,
        ...cost(runsOf(runs, variant, task)),
      ]
    }),
  )
  const ratio = baseline === undefined ? [] : [`ratio to ${baseline}`]
  return { header: ['task', 'variant', 'returns by seed', 'mean', ...ratio, ...COST], rows }
}

/** Ratio of means with its interval, both sides resampled; infinite where a resampled baseline is zero. */
function ratioTo(returns: readonly number[], baseline: readonly number[]): string {
  if (returns.length === 0 || !baseline.some((value) => value !== 0)) return NONE
  const column = (values: readonly number[]) => values.map((value) => [value])
  const ratio = (a: number, b: number) => (b === 0 ? Infinity : a / b)
  return withInterval(
    estimate([column(returns), column(baseline)], (a, b) => ratio(average(a!.flat()), average(b!.flat()))),
    returns,
    baseline,
  )
}

/** The statistics over all tasks by a rule. */
export function aggregateTable(profile: Profile, runs: readonly FinishedRun[], rule: Rule): Table {
  const names = ['interquartile mean', 'median', 'mean', 'optimality gap'] as const
  const rows = Object.keys(profile.variants).map((variant) => {
    const own = runsOf(runs, variant)
    const scores = scoresOf(profile, own, (run) => final(run, rule))
    const statistics = aggregate(scores)
    return [variant, `${scores.length}`, ...names.map((name) => withInterval(statistics?.[name], scores)), ...cost(own)]
  })
  return { header: ['variant', 'runs a task', ...names, ...COST], rows }
}

/** P(baseline > variant) of each other variant by a rule. */
export function improvementRows(profile: Profile, runs: readonly FinishedRun[], rule: Rule) {
  const { baseline } = profile
  if (baseline === undefined) return []
  const scores = (variant: string) => scoresOf(profile, runsOf(runs, variant), (run) => final(run, rule))
  const own = scores(baseline)
  return Object.keys(profile.variants).flatMap((variant) => {
    const others = scores(variant)
    if (variant === baseline || own.length === 0 || others.length === 0) return []
    return [{ variant, groups: [own, others], ...improvement(own, others) }]
  })
}

export function improvementTable(profile: Profile, runs: readonly FinishedRun[], rule: Rule): Table {
  const rows = improvementRows(profile, runs, rule).map(({ variant, groups, ...value }) => [
    variant,
    withInterval(value, ...groups),
    ...cost(runsOf(runs, variant)),
  ])
  return { header: ['variant', `P(${profile.baseline} > variant)`, ...COST], rows }
}

export const escapeHtml = (text: string) =>
  text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]!)

export function htmlTable({ header, rows }: Table): string {
  const row = (tag: string, cells: readonly string[]) =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`
  return `<table>\n${[row('th', header), ...rows.map((cells) => row('td', cells))].join('\n')}\n</table>`
}
