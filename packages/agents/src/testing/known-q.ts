import { createRng, drawNoise, type NoiseSpecs, type Rng } from '@revflow/core'
import type { TwinCriticParams, TwinCritics } from '@revflow/rl'
import * as tf from '@tensorflow/tfjs-core'
import type { ActionRule, Agent, Algorithm, Noise } from '../agent.ts'
import { createAgent } from '../agent.ts'

/** Compiles a pure function of trees of tensors, as `jit` of @revflow/jit does; results have their numbers in `data`. */
export type Compile = (fn: (...trees: never[]) => unknown) => (...trees: readonly unknown[]) => Promise<unknown>

/** Critics that know Q(s, a), [.., S] and [.., A] to [..]: their parameters are one number that changes nothing. */
export function knownCritics(q: (observation: tf.Tensor, action: tf.Tensor) => tf.Tensor): TwinCritics {
  const value = (params: TwinCriticParams, observation: tf.Tensor2D, action: tf.Tensor) => {
    const s = action.rank === 3 ? tf.expandDims(observation, 1) : observation
    return tf.add(q(s, action), tf.mul(0, params.q1.layer!.bias!))
  }
  const withGradient: TwinCritics['minimumWithActionGradient'] = (params, observation, action) =>
    tf.valueAndGrad((a) => value(params, observation, a))(action)
  const init = () => ({ layer: { bias: tf.zeros([1]) } })
  return {
    init: () => ({ q1: init(), q2: init() }),
    apply: (params, s, a) => ({ q1: value(params, s, a), q2: value({ ...params, q1: params.q2 }, s, a) }),
    minimum: value,
    minimumWithActionGradient: withGradient,
    meanWithActionGradient: withGradient,
  }
}

/** What an agent learns from: transitions without an environment. States are single numbers. */
export interface Problem {
  /** A */
  readonly actionSize: number
  /** In place of learned ones. */
  readonly critics?: TwinCritics
  /** States, rewards and next states of n actions drawn uniformly, [n · A]. */
  transitions(
    rng: Rng,
    actions: Float32Array,
    n: number,
  ): Readonly<Record<'state' | 'reward' | 'next', (i: number) => number>>
}

/** States taken in turn, whose Q is known. */
export const knownQ = (critics: TwinCritics, states: readonly number[], actionSize: number): Problem => {
  const state = (i: number) => states[i % states.length]!
  return { actionSize, critics, transitions: () => ({ state, reward: () => 0, next: state }) }
}

/** How {@link learn} trains. */
export interface LearnOptions {
  /** Of the agent, as its `config` parses them. */
  readonly options: object
  readonly updates: number
  /** Options that differ when it acts. */
  readonly acting?: object
  readonly compile: Compile
}

/** Trains an agent on a problem, its actions drawn uniformly. */
export async function learn(
  agent: Agent,
  { actionSize, critics, transitions }: Problem,
  { options, updates, acting = {}, compile }: LearnOptions,
) {
  const make = (own: object): Algorithm<never> =>
    createAgent({ [agent.name]: agent }, agent.name, own, { observationSize: 1, actionSize }, critics) as never
  const [algorithm, actor] = [make(options), make({ ...options, ...acting })]
  const rng = createRng(7)
  const update = compile(algorithm.update)
  const n = algorithm.batchSize
  const vector = (value: (i: number) => number) => tf.tensor1d(Float32Array.from({ length: n }, (_, i) => value(i)))
  let state: unknown = algorithm.init(createRng(0))
  for (let i = 0; i < updates; i++) {
    const actions = rng.fillUniform(new Float32Array(n * actionSize), -1, 1)
    const { state: s, reward, next } = transitions(rng, actions, n)
    const batch = {
      observation: tf.reshape(vector(s), [n, 1]),
      action: tf.tensor2d(actions, [n, actionSize]),
      reward: vector(reward),
      nextObservation: tf.reshape(vector(next), [n, 1]),
      terminated: tf.zeros([n]),
    }
    const noise = drawAll(rng, algorithm.noise.update)
    const result = (await update(state, batch, noise)) as { readonly state: unknown }
    tf.dispose([...Object.values(batch), ...Object.values(noise)])
    state = result.state
  }
  return {
    /** One action for each state, [n][A]. */
    async act(rule: ActionRule, states: readonly number[]): Promise<number[][]> {
      const act = compile((params: never, o: tf.Tensor2D, noise: Noise) => actor.act(rule, params, o, noise))
      const noise = drawAll(rng, actor.noise.act(rule, states.length))
      const observation = tf.tensor2d(Float32Array.from(states), [states.length, 1])
      const { data } = (await act(state, observation, noise)) as { readonly data: Float32Array }
      tf.dispose([observation, ...Object.values(noise)])
      return states.map((_, i) => [...data.slice(i * actionSize, (i + 1) * actionSize)])
    },
  }
}

const drawAll = (rng: Rng, specs: NoiseSpecs): Record<string, tf.Tensor> =>
  Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, tf.tensor(drawNoise(rng, spec), [...spec.shape])]),
  )
