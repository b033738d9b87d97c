import { createRng } from '@revflow/core'
import {
  type Interval,
  interquartileMean,
  jointBootstrap,
  mean,
  median,
  optimalityGap,
  performanceProfile,
  probabilityOfImprovement,
  type Scores,
} from '@revflow/rl'
import type { Profile } from './plan.ts'
import type { FinishedRun, Rule } from './results.ts'

/** Draws of each interval; those of curves, of which there are many, are fewer. */
const RESAMPLES = { table: 20_000, curve: 1_000 }

export type Estimate = Interval & { readonly value: number }

export const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length

/** Return by a rule at the end of a run. */
export const final = (run: FinishedRun, rule: Rule): number => run.curve.at(-1)![rule]

export const runsOf = (runs: readonly FinishedRun[], variant: string, task?: string): FinishedRun[] =>
  runs.filter((run) => run.variant === variant && (task === undefined || run.config.task === task))

/** return / 1000 by run and task, as many runs of each task as every task has; none where a task has none. */
export function scoresOf(
  profile: Profile,
  runs: readonly FinishedRun[],
  value: (run: FinishedRun) => number | undefined,
) {
  const columns = profile.tasks.map((task) =>
    runs.filter(({ config }) => config.task === task).flatMap((run) => value(run) ?? []),
  )
  const n = Math.min(...columns.map((column) => column.length))
  return Array.from({ length: n }, (_, i) => columns.map((column) => column[i]! / 1000))
}

export function estimate(
  groups: readonly Scores[],
  statistic: (...groups: readonly Scores[]) => number,
  resamples = RESAMPLES.table,
): Estimate {
  return { value: statistic(...groups), ...jointBootstrap(groups, statistic, { rng: createRng(0), resamples }) }
}

/** The statistics of rliable for a variant; none before every task has a run. */
export function aggregate(scores: Scores) {
  if (scores.length === 0) return undefined
  const of = (statistic: (scores: Scores) => number) => estimate([scores], (group) => statistic(group!))
  return {
    'interquartile mean': of(interquartileMean),
    median: of(median),
    mean: of(mean),
    'optimality gap': of(optimalityGap),
  }
}

/** P(X > Y), averaged over tasks. */
export const improvement = (x: Scores, y: Scores): Estimate =>
  estimate([x, y], (a, b) => probabilityOfImprovement(a!, b!))

/** Interquartile mean at each evaluation that all runs of a variant have. */
export function efficiencyCurve(profile: Profile, runs: readonly FinishedRun[], rule: Rule) {
  const steps = runs[0]?.curve.map(({ step }) => step) ?? []
  return steps.flatMap((step) => {
    const at = (run: FinishedRun) => run.curve.find((evaluation) => evaluation.step === step)?.[rule]
    if (runs.some((run) => at(run) === undefined)) return []
    const scores = scoresOf(profile, runs, at)
    if (scores.length === 0) return []
    return [{ step, ...estimate([scores], (group) => interquartileMean(group!), RESAMPLES.curve) }]
  })
}

/** Share of runs above each score in [0, 1]. */
export function profileCurve(scores: Scores) {
  if (scores.length === 0) return []
  return Array.from({ length: 41 }, (_, i) => {
    const tau = i / 40
    return { tau, ...estimate([scores], (group) => performanceProfile(group!, [tau])[0]!, RESAMPLES.curve) }
  })
}

/** Mean return on a task over seeds, with their least and greatest, at each evaluation all seeds have. */
export function taskCurve(runs: readonly FinishedRun[], rule: Rule) {
  const steps = runs[0]?.curve.map(({ step }) => step) ?? []
  return steps.flatMap((step, i) => {
    const values = runs.flatMap(({ curve }) => (curve[i]?.step === step ? [curve[i][rule]] : []))
    if (values.length < runs.length) return []
    return [{ step, value: average(values), low: Math.min(...values), high: Math.max(...values) }]
  })
}
