import type { NoiseSpecs } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'
import type { ActionRule, AgentState, Algorithm, Noise, Spaces } from './agent.ts'
import type { SharedConfig } from './options.ts'

/** What acting needs to know of an agent. */
interface Actor<State extends AgentState> {
  /** The noise of n draws; all zero, it gives the noise-free action. */
  noise(n: number): NoiseSpecs
  /** A draw from the policy for each observation, [N, A], in [−1, 1]. */
  draw(state: State, observation: tf.Tensor2D, noise: Noise): tf.Tensor2D
  /** Values [N, M] of M actions for each observation, [N, M, A]. */
  value(state: State, observation: tf.Tensor2D, action: tf.Tensor3D): tf.Tensor
}

/** The action rules, the same for all agents. */
export function actionRules<State extends AgentState>(
  { bestOf, exploration }: Pick<SharedConfig, 'bestOf' | 'exploration'>,
  { actionSize }: Spaces,
  { noise: drawNoise, draw, value }: Actor<State>,
): { noise(rule: ActionRule, n: number): NoiseSpecs; act: Algorithm<State>['act'] } {
  const noise = (rule: ActionRule, n: number): NoiseSpecs => {
    if (rule === 'mode') return {}
    if (rule !== 'explore') return drawNoise(rule === 'best' ? n * bestOf : n)
    const kick = { kick: { shape: [n, actionSize], law: 'normal' as const } }
    return { ...noise(exploration.rule, n), ...(exploration.noise > 0 && kick) }
  }
  const act: Algorithm<State>['act'] = (rule, state, observation, given) => {
    const [n] = observation.shape
    if (rule === 'sample') return draw(state, observation, given)
    if (rule === 'mode') {
      const zeros = Object.entries(drawNoise(n)).map(([name, { shape }]) => [name, tf.zeros([...shape])])
      return draw(state, observation, Object.fromEntries(zeros) as Noise)
    }
    if (rule === 'explore') {
      const { kick, ...rest } = given
      const action = act(exploration.rule, state, observation, rest)
      return kick ? tf.clipByValue(tf.add(action, tf.mul(exploration.noise, kick)), -1, 1) : action
    }
    const actions = tf.reshape(draw(state, repeatRows(observation, bestOf), given), [n, bestOf, actionSize])
    const best = tf.argMax(value(state, observation, actions as tf.Tensor3D), 1)
    const chosen = tf.expandDims(tf.oneHot(best as tf.Tensor1D, bestOf), 2)
    return tf.sum(tf.mul(actions, chosen), 1) as tf.Tensor2D
  }
  return { noise, act }
}

/** Each row `times` times in turn: [B, n] to [B · times, n]. */
export function repeatRows(x: tf.Tensor2D, times: number): tf.Tensor2D {
  return times === 1 ? x : tf.reshape(tf.tile(tf.expandDims(x, 1), [1, times, 1]), [-1, x.shape[1]])
}
