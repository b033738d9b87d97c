import type { ActionRule } from '@revflow/agents'
import { createRng } from '@revflow/core'
import type { Env } from '@revflow/envs'
import type { RunConfig } from './config.ts'
import { makeRunEnv } from './env.ts'
import { toBounds } from './experiment.ts'
import { checkLearned } from './finite.ts'
import type { Learner } from './learner.ts'

/** Environments for evaluation, played in step with each other: one call of the policy serves all. */
export interface Evaluator {
  /** Undiscounted return of each episode by an action rule. Depends on the policy, `label` and the seed alone. */
  play(learner: Learner, rule: ActionRule, label: string): Promise<number[]>
  close(): void
}

export async function createEvaluator(
  config: Pick<RunConfig, 'task' | 'seed' | 'actionRepeat'>,
  episodes: number,
): Promise<Evaluator> {
  const envs: Env[] = []
  for (let i = 0; i < episodes; i++) envs.push(await makeRunEnv(config, 0))
  return {
    async play(learner, rule, label) {
      const rng = createRng(config.seed, `evaluate/${label}`)
      // every evaluation of a run starts from the same states, so that its curve shows the policy and not the draw
      const starts = createRng(config.seed, 'evaluate/starts')
      const size = envs[0]!.observationSpace.size
      const observations = new Float32Array(episodes * size)
      const returns = new Array<number>(episodes).fill(0)
      for (const [i, env] of envs.entries()) observations.set(env.reset(starts.integer(2 ** 31)).observation, i * size)
      const over = new Set<number>()
      while (over.size < episodes) {
        const actions = await learner.act(rule, observations, rng)
        checkLearned('action', actions)
        const width = actions.length / episodes
        for (const [i, env] of envs.entries()) {
          if (over.has(i)) continue
          const result = env.step(toBounds(actions.slice(i * width, (i + 1) * width), env))
          returns[i] = returns[i]! + result.reward
          observations.set(result.observation, i * size)
          if (result.terminated || result.truncated) over.add(i)
        }
      }
      return returns
    },
    close() {
      for (const env of envs) env.close()
    },
  }
}
