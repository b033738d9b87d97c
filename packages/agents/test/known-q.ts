import { agents, createAgent } from '@revflow/agents'
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

/** A bandit of one state whose Boltzmann density at λ = 1 is a mixture of equal normals, its modes within the bounds. */
export interface Bandit {
  readonly modes: readonly (readonly number[])[]
  readonly sigma: number
}

/** Q = log of the mixture's density, up to a constant, [.., A] to [..]. */
export const banditQ =
  ({ modes, sigma }: Bandit) =>
  (_: tf.Tensor, action: tf.Tensor): tf.Tensor => {
    const distance = tf.sub(tf.expandDims(action, -2), tf.tensor2d(modes.map((mode) => [...mode])))
    return tf.logSumExp(tf.mul(-0.5 / sigma ** 2, tf.sum(tf.square(distance), -1)), -1)
  }

const drawAll = (rng: Rng, specs: NoiseSpecs): Host =>
  Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, HostTensor.from(drawNoise(rng, spec), spec.shape)]),
  )

export interface Learned {
  /** n actions by a rule, row-major, for n observations of zero. */
  act(rule: 'sample' | 'mode', n: number): Promise<Float32Array>
}

/** Trains an agent on actions drawn uniformly, in state zero, its critics replaced. */
export async function learnBandit(
  name: string,
  bandit: Bandit,
  { options, updates }: { options: object; updates: number },
): Promise<Learned> {
  const dim = bandit.modes[0]!.length
  const spaces = { observationSize: 1, actionSize: dim }
  const algorithm = createAgent(agents, name, options, spaces, knownCritics(banditQ(bandit)))
  const rng = createRng(7)
  const update = jit(algorithm.update, { donate: [0], threads: 1 })
  let state = mapTree<tf.Tensor, HostTensor>(
    (tensor) => new HostTensor(tensor.dtype as 'float32', tensor.shape, tensor.dataSync<'float32'>().slice()),
    algorithm.init(createRng(0)),
  )
  const n = algorithm.batchSize
  const zeros = HostTensor.from(new Float32Array(n), [n, 1])
  const nothing = HostTensor.from(new Float32Array(n))
  for (let i = 0; i < updates; i++) {
    const action = HostTensor.from(rng.fillUniform(new Float32Array(n * dim), -1, 1), [n, dim])
    const batch = { observation: zeros, action, reward: nothing, nextObservation: zeros, terminated: nothing }
    const result = await update(state as never, batch as never, drawAll(rng, algorithm.noise.update) as never)
    state = result.state as unknown as Tree<HostTensor>
  }
  await update.dispose()
  return {
    async act(rule, count) {
      const act = jit(
        (s: never, o: tf.Tensor2D, noise: Record<string, tf.Tensor>) => algorithm.act(rule, s, o, noise),
        {
          threads: 1,
        },
      )
      const noise = drawAll(rng, algorithm.noise.act(rule, count))
      const observation = HostTensor.from(new Float32Array(count), [count, 1])
      const { data } = await act(state as never, observation, noise as never)
      await act.dispose()
      return (data as Float32Array).slice()
    },
  }
}
