import { existsSync, readFileSync } from 'node:fs'
import { RevflowError } from '@revflow/core'
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
/** A line of `eval.jsonl`: what an evaluation found. */
export type Evaluation = z.output<typeof evaluationSchema>

const timingSchema = z.object({
  updates: z.number(),
  /** Time spent in updates. */
  updateSeconds: z.number(),
  /** Time in all, environment and evaluations included. */
  seconds: z.number(),
})
/** A line of `timing.jsonl`: how long a run took, from where it was started. */
export type Timing = z.output<typeof timingSchema>

function lines<S extends z.ZodType>(file: string, schema: S): z.output<S>[] {
  if (!existsSync(file)) return []
  const text = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  return text.map((line, i) => {
    try {
      return schema.parse(JSON.parse(line))
    } catch (cause) {
      throw new RevflowError(
        {
          code: 'damaged-file',
          path: `${file}, line ${i + 1}`,
          expected: 'a line as the run wrote it',
          received: line.length > 60 ? `${line.slice(0, 57)}…` : line,
          hint: 'remove this line, or the folder of the run',
        },
        { cause },
      )
    }
  })
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
