import { type ActionRule, agents, createAgent } from '@revflow/agents'
import { createRng, drawNoise, mapTree, type NoiseSpecs, type Rng, type Tree } from '@revflow/core'
import { HostTensor, jit } from '@revflow/jit'
import type { TwinCriticParams, TwinCritics } from '@revflow/rl'
import * as tf from '@tensorflow/tfjs'

type Host = Readonly<Record<string, HostTensor>>

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

/** A mixture of equal normals whose modes lie well within the bounds. */
export interface Mixture {
  readonly modes: readonly (readonly number[])[]
  readonly sigma: number
}

/** log density of a mixture up to a constant, [.., A] to [..] */
const logMixture = ({ modes, sigma }: Mixture, action: tf.Tensor): tf.Tensor => {
  const distance = tf.sub(tf.expandDims(action, -2), tf.tensor2d(modes.map((mode) => [...mode])))
  return tf.logSumExp(tf.mul(-0.5 / sigma ** 2, tf.sum(tf.square(distance), -1)), -1)
}

/** Two bandits in one: Q whose Boltzmann density at λ = 1 is `left` in state −1 and `right` in state 1. */
export const banditQ =
  ({ left, right }: { readonly left: Mixture; readonly right: Mixture }) =>
  (observation: tf.Tensor, action: tf.Tensor): tf.Tensor => {
    const [a, b] = [logMixture(left, action), logMixture(right, action)]
    const isLeft = tf.cast(tf.less(tf.squeeze(observation, [-1]), 0), 'float32')
    return tf.add(tf.mul(isLeft, a), tf.mul(tf.sub(1, isLeft), b))
  }

const drawAll = (rng: Rng, specs: NoiseSpecs): Host =>
  Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, HostTensor.from(drawNoise(rng, spec), spec.shape)]),
  )

/** What an agent learns from: transitions without an environment. */
export interface Problem {
  readonly actionSize: number
  /** In place of learned ones. */
  readonly critics?: TwinCritics
  /** State, reward and next state of n uniform actions, [n · A]; states are single numbers. */
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

/** An agent trained on a problem, its actions drawn uniformly. */
export async function learn(
  name: string,
  { actionSize, critics, transitions }: Problem,
  {
    options,
    updates,
    acting = {},
  }: {
    readonly options: object
    readonly updates: number /** Options that differ when it acts. */
    readonly acting?: object
  },
) {
  const spaces = { observationSize: 1, actionSize }
  const algorithm = createAgent(agents, name, options, spaces, critics)
  const actor = createAgent(agents, name, { ...options, ...acting }, spaces, critics)
  const rng = createRng(7)
  const update = jit(algorithm.update, { donate: [0], threads: 1 })
  let state = mapTree<tf.Tensor, HostTensor>(
    (tensor) => new HostTensor(tensor.dtype as 'float32', tensor.shape, tensor.dataSync<'float32'>().slice()),
    algorithm.init(createRng(0)),
  )
  const n = algorithm.batchSize
  const vector = (value: (i: number) => number) => Float32Array.from({ length: n }, (_, i) => value(i))
  for (let i = 0; i < updates; i++) {
    const actions = rng.fillUniform(new Float32Array(n * actionSize), -1, 1)
    const { state: s, reward, next } = transitions(rng, actions, n)
    const batch = {
      observation: HostTensor.from(vector(s), [n, 1]),
      action: HostTensor.from(actions, [n, actionSize]),
      reward: HostTensor.from(vector(reward)),
      nextObservation: HostTensor.from(vector(next), [n, 1]),
      terminated: HostTensor.from(new Float32Array(n)),
    }
    const result = await update(state as never, batch as never, drawAll(rng, algorithm.noise.update) as never)
    state = result.state as unknown as Tree<HostTensor>
  }
  await update.dispose()
  return {
    /** One action for each state, [n][A]. */
    async act(rule: ActionRule, states: readonly number[]): Promise<number[][]> {
      const act = jit(
        (params: never, o: tf.Tensor2D, noise: Record<string, tf.Tensor>) => actor.act(rule, params, o, noise),
        { threads: 1 },
      )
      const noise = drawAll(rng, actor.noise.act(rule, states.length))
      const observation = HostTensor.from(Float32Array.from(states), [states.length, 1])
      const { data } = await act(state as never, observation, noise as never)
      await act.dispose()
      return states.map((_, i) => [...data.slice(i * actionSize, (i + 1) * actionSize)])
    },
  }
}

/** n draws from a mixture. */
export function drawMixture({ modes, sigma }: Mixture, n: number, seed: number): number[][] {
  const rng = createRng(seed)
  return Array.from({ length: n }, () => modes[rng.integer(modes.length)]!.map((m) => m + sigma * rng.normal()))
}

/** Energy distance 2 E|X − Y| − E|X − X'| − E|Y − Y'| of two samples, unbiased: zero in the mean for equal laws. */
export function energyDistance(x: readonly number[][], y: readonly number[][]): number {
  const total = (a: readonly number[][], b: readonly number[][]) =>
    a.reduce((sum, p) => sum + b.reduce((s, q) => s + Math.hypot(...p.map((v, j) => v - q[j]!)), 0), 0)
  const [n, m] = [x.length, y.length]
  return (2 * total(x, y)) / (n * m) - total(x, x) / (n * (n - 1)) - total(y, y) / (m * (m - 1))
}

/** The share of actions nearest to each mode. */
export function modeShares(actions: readonly number[][], { modes }: Mixture): number[] {
  const counts = modes.map(() => 0)
  for (const action of actions) {
    const distances = modes.map((mode) => Math.hypot(...mode.map((m, j) => m - action[j]!)))
    counts[distances.indexOf(Math.min(...distances))]! += 1 / actions.length
  }
  return counts
}
