import { RevflowError } from '@revflow/core'
import type { Env } from '../env.ts'
import { membersOf, unwrapState, wrapState } from './wrap.ts'

/**
 * Truncates each episode after `steps` calls of `step`.
 * @param steps integer ≥ 1
 */
export function timeLimit(env: Env, steps: number): Env {
  if (!Number.isInteger(steps) || steps < 1)
    throw new RevflowError({
      code: 'invalid-option',
      path: 'timeLimit.steps',
      expected: 'an integer ≥ 1',
      received: `${steps}`,
    })
  let elapsed = 0
  return {
    ...membersOf(env),
    reset(seed) {
      elapsed = 0
      return env.reset(seed)
    },
    step(action) {
      if (elapsed >= steps)
        throw new RevflowError({
          code: 'no-episode',
          path: `${env.task}.step`,
          hint: `the episode ended after ${elapsed} steps: call reset()`,
        })
      const result = env.step(action)
      elapsed++
      return { ...result, truncated: result.truncated || (elapsed === steps && !result.terminated) }
    },
    getState: () => wrapState(env.getState(), 'timeLimit', [elapsed]),
    setState(state) {
      const { inner, own } = unwrapState(state, 'timeLimit', 1)
      env.setState(inner)
      elapsed = own[0]!
    },
  }
}
