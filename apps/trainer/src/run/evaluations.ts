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
export type Evaluation = z.output<typeof evaluationSchema>

/** The evaluations of a run so far, in order; none where it has not begun. */
export function evaluations({ evaluations: file }: Pick<RunFolder, 'evaluations'>): Evaluation[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => evaluationSchema.parse(JSON.parse(line)))
}
