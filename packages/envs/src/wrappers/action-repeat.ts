import type { Env } from '../env.ts'
import { membersOf } from './wrap.ts'

/**
 * Applies each action `times` ≥ 1 times, or until the episode ends, and adds the rewards up. It is how `makeEnv` repeats
 * actions of environments that are not on MuJoCo; those on MuJoCo do it themselves, without observing in between.
 */
export function repeatActions(env: Env, times: number): Env {
  if (times === 1) return env
  return {
    ...membersOf(env),
    step(action) {
      let result = env.step(action)
      let { reward } = result
      for (let i = 1; i < times && !result.terminated && !result.truncated; i++) {
        result = env.step(action)
        reward += result.reward
      }
      return { ...result, reward }
    },
  }
}
