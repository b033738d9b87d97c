import type { Rng } from '@revflow/core'

/**
 * Statistics over runs and tasks as recommended by "Deep RL at the edge of the statistical precipice"
 * (arXiv 2108.13264): `scores[run][task]`.
 */
export type Scores = readonly (readonly number[])[]

const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
const column = (scores: Scores, task: number): number[] => scores.map((run) => run[task]!)
const tasksOf = (scores: Scores): number[] => [...(scores[0] ?? []).keys()]

/** Mean over tasks of the mean over runs. */
export const mean = (scores: Scores): number => average(tasksOf(scores).map((task) => average(column(scores, task))))

/** Median over tasks of the mean over runs. */
export function median(scores: Scores): number {
  const means = tasksOf(scores)
    .map((task) => average(column(scores, task)))
    .sort((a, b) => a - b)
  const middle = (means.length - 1) / 2
  return (means[Math.floor(middle)]! + means[Math.ceil(middle)]!) / 2
}

/** Mean of the middle half of all runs and tasks together. */
export function interquartileMean(scores: Scores): number {
  const all = scores.flat().sort((a, b) => a - b)
  const cut = Math.floor(all.length / 4)
  return average(all.slice(cut, all.length - cut))
}

/** Mean amount by which scores miss `threshold`. */
export const optimalityGap = (scores: Scores, threshold = 1): number =>
  threshold - average(scores.flat().map((score) => Math.min(score, threshold)))

/** Mean over tasks of P(X > Y) + ½ P(X = Y) (Mann–Whitney). */
export function probabilityOfImprovement(x: Scores, y: Scores): number {
  const wins = tasksOf(x).map((task) => {
    const others = column(y, task)
    return average(column(x, task).flatMap((a) => others.map((b) => (a > b ? 1 : a === b ? 0.5 : 0))))
  })
  return average(wins)
}

/** Share of runs and tasks that score above each threshold. */
export const performanceProfile = (scores: Scores, thresholds: readonly number[]): number[] =>
  thresholds.map((tau) => average(scores.flat().map((score) => (score > tau ? 1 : 0))))

/** How an interval is drawn. */
export interface BootstrapOptions {
  /** Equal generators give equal intervals. */
  readonly rng: Rng
  /** Draws; 50,000 unless given, as rliable. */
  readonly resamples?: number
  /** Share of the draws inside of the interval; 0.95 unless given. */
  readonly level?: number
}
/** An interval in the unit of the statistic. */
export interface Interval {
  readonly low: number
  readonly high: number
}

/** Percentile interval of a statistic of several groups of runs, by resampling runs within each task of each group. */
export function jointBootstrap(
  groups: readonly Scores[],
  statistic: (...groups: readonly Scores[]) => number,
  { rng, resamples = 50_000, level = 0.95 }: BootstrapOptions,
): Interval {
  const resample = (scores: Scores): Scores =>
    scores.map((run) => run.map((_, task) => scores[rng.integer(scores.length)]![task]!))
  const draws = Float64Array.from({ length: resamples }, () => statistic(...groups.map(resample))).sort()
  const quantile = (p: number) => {
    const at = p * (resamples - 1)
    const [low, high] = [draws[Math.floor(at)]!, draws[Math.ceil(at)]!]
    const share = at - Math.floor(at)
    // statistics may be infinite: weights of 0 would make them NaN
    return share === 0 || low === high ? low : low * (1 - share) + high * share
  }
  return { low: quantile((1 - level) / 2), high: quantile((1 + level) / 2) }
}

/** Percentile interval of a statistic by resampling runs within each task. */
export const stratifiedBootstrap = (
  scores: Scores,
  statistic: (scores: Scores) => number,
  options: BootstrapOptions,
): Interval => jointBootstrap([scores], (group) => statistic(group!), options)
