import { createRng } from '@revflow/core'
import {
  interquartileMean,
  mean,
  median,
  optimalityGap,
  performanceProfile,
  probabilityOfImprovement,
  stratifiedBootstrap,
} from '@revflow/rl'
import { z } from 'zod'
import type { Verdict } from './report.ts'

/** Agreement asked for: bootstrap intervals differ by their random draws, the rest only by rounding. */
const TOLERANCE = 0.01
const POINT_TOLERANCE = 1e-9
const RESAMPLES = 20_000

const scores = z.array(z.array(z.number()))
const interval = z.tuple([z.number(), z.number()])
const referenceSchema = z.object({
  cases: z.array(
    z.object({
      scores,
      other: scores,
      point: z.object({ mean: z.number(), median: z.number(), iqm: z.number(), optimality_gap: z.number() }),
      probability_of_improvement: z.number(),
      iqm_ci95: interval,
      mean_ci95: interval,
      profile: z.object({ tau: z.array(z.number()), share: z.array(z.number()) }),
    }),
  ),
})
type Case = z.infer<typeof referenceSchema>['cases'][number]

function pointErrors({ scores, other, point, profile, ...rest }: Case): number[] {
  const shares = performanceProfile(scores, profile.tau)
  return [
    mean(scores) - point.mean,
    median(scores) - point.median,
    interquartileMean(scores) - point.iqm,
    optimalityGap(scores) - point.optimality_gap,
    probabilityOfImprovement(scores, other) - rest.probability_of_improvement,
    ...shares.map((share, i) => share - profile.share[i]!),
  ].map(Math.abs)
}

function intervalErrors({ scores, iqm_ci95, mean_ci95 }: Case): number[] {
  const rng = createRng(0, 'bootstrap')
  return [[interquartileMean, iqm_ci95] as const, [mean, mean_ci95] as const].flatMap(([statistic, [low, high]]) => {
    const ours = stratifiedBootstrap(scores, statistic, { rng, resamples: RESAMPLES })
    return [Math.abs(ours.low - low), Math.abs(ours.high - high)]
  })
}

/** Compares our statistics with those Python rliable gave. */
export function verifyStatistics(file: string, raw: unknown): Verdict {
  const parsed = referenceSchema.safeParse(raw)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    return { file, ok: false, reason: `not a reference: ${issue.path.join('.')}: ${issue.message}` }
  }
  const point = Math.max(...parsed.data.cases.flatMap(pointErrors))
  const error = Math.max(point, ...parsed.data.cases.flatMap(intervalErrors))
  return { file, ok: point <= POINT_TOLERANCE && error <= TOLERANCE, error, tolerance: TOLERANCE }
}
