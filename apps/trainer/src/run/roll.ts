import type { ActionRule } from '@revflow/agents'
import type { Rng } from '@revflow/core'
import type { Env } from '@revflow/envs'
import { toBounds } from './experiment.ts'
import type { Learner } from './learner.ts'

/** Chooses an action, within the environment's bounds, from an observation. */
export type Actor = (observation: Float32Array) => Promise<ArrayLike<number>> | ArrayLike<number>

/** Acts as a trained policy does. */
export function policyActor(learner: Learner, rule: ActionRule, env: Env, rng: Rng): Actor {
  return async (observation) => toBounds(await learner.act(rule, observation, rng), env)
}

/** Draws actions evenly from the bounds. */
export function randomActor(env: Env, rng: Rng): Actor {
  return () => toBounds(rng.fillUniform(new Float32Array(env.actionSpace.size), -1, 1), env)
}

/** Plays up to `decisions` decisions from a reset on; `look` comes after 0, 1, … of them, with the return so far. */
export async function roll(
  env: Env,
  actor: Actor,
  decisions: number,
  look: (moment: { decision: number; total: number; ended: boolean }) => void,
): Promise<void> {
  let { observation } = env.reset()
  let total = 0
  look({ decision: 0, total, ended: decisions === 0 })
  for (let decision = 1; decision <= decisions; decision++) {
    const result = env.step(await actor(observation))
    observation = result.observation
    total += result.reward
    const ended = result.terminated || result.truncated || decision === decisions
    look({ decision, total, ended })
    if (ended) return
  }
}
