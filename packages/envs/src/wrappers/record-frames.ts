import type { Env, ResetResult, StepResult } from '../env.ts'
import { membersOf } from './wrap.ts'

/**
 * Calls `onFrame` after each reset and each step, with its result: to draw the environment, or to note what happened.
 * With `actionRepeat` that is once an action.
 */
export function recordFrames(env: Env, onFrame: (result: ResetResult | StepResult) => void): Env {
  return {
    ...membersOf(env),
    reset(seed) {
      const result = env.reset(seed)
      onFrame(result)
      return result
    },
    step(action) {
      const result = env.step(action)
      onFrame(result)
      return result
    },
  }
}
