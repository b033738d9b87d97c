import { z } from 'zod'

const bound = (unbounded: number) =>
  z.array(
    z
      .number()
      .nullable()
      .transform((value) => value ?? unbounded),
  )
const numbers = z.array(z.number())

/**
 * What is said over stdio, a line of JSON each; numbers in full double precision.
 *
 *     process  {"protocol": 1, "task": "cheetah-run", "observation": [{"name": "position", "size": 8}, …],
 *               "action": {"names": ["bthigh", …], "low": [-1, …], "high": [1, …]}}      null: unbounded
 *     here     {"reset": 7}                                  a seed in [0, 2³¹): equal seeds give equal episodes
 *     process  {"observation": [0.1, …]}
 *     here     {"step": [0.5, …]}
 *     process  {"observation": [0.2, …], "reward": 0.3, "terminated": false, "truncated": false}
 *     here     {"close": true}                               the process ends
 *
 * Instead of any answer the process may say {"error": "what went wrong"}. The last line of its stderr is told where it dies.
 */
export const greeting = z.object({
  protocol: z.literal(1),
  task: z.string(),
  observation: z.array(z.object({ name: z.string(), size: z.int().min(1) })).min(1),
  action: z.object({ names: z.array(z.string()).min(1), low: bound(-Infinity), high: bound(Infinity) }),
})
export const resetAnswer = z.object({ observation: numbers })
export const stepAnswer = z.object({
  observation: numbers,
  reward: z.number(),
  terminated: z.boolean(),
  truncated: z.boolean(),
})
export const errorAnswer = z.object({ error: z.string() })
export type Request = { readonly reset: number } | { readonly step: readonly number[] } | { readonly close: true }
