import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import type { RunFolder } from './folder.ts'

const evaluationSchema = z.object({
  /** Environment steps made. */
  step: z.number(),
  /** Mean return of the noise-free action, the rule of every table. */
  return: z.number(),
  std: z.number(),
  /** Mean return of one draw from the policy, and of the best of several by the critics. */
  sampled: z.number(),
  best: z.number(),
})
/** One evaluation of a run, a line of `eval.jsonl`: returns of whole episodes. */
export type Evaluation = z.output<typeof evaluationSchema>

const timingSchema = z.object({
  updates: z.number(),
  /** Time spent in updates. */
  updateSeconds: z.number(),
  /** Time in all, environment and evaluations included. */
  seconds: z.number(),
})
/** What a run took, in seconds by the clock. */
export type Timing = z.output<typeof timingSchema>

function lines<S extends z.ZodType>(file: string, schema: S): z.output<S>[] {
  if (!existsSync(file)) return []
  const text = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  return text.map((line) => schema.parse(JSON.parse(line)))
}

/** The evaluations of a run so far, in order; none where it has not begun. */
export const evaluations = ({ evaluations: file }: Pick<RunFolder, 'evaluations'>): Evaluation[] =>
  lines(file, evaluationSchema)

/** How long a run took, summed over the times it was started and came to an end; a killed one is not in it. */
export function timing({ timing: file }: Pick<RunFolder, 'timing'>): Timing {
  const sum = (a: Timing, b: Timing) => ({
    updates: a.updates + b.updates,
    updateSeconds: a.updateSeconds + b.updateSeconds,
    seconds: a.seconds + b.seconds,
  })
  return lines(file, timingSchema).reduce(sum, { updates: 0, updateSeconds: 0, seconds: 0 })
}
