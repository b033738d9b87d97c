import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { type ActionRule, agents, createAgent, type Noise } from '@revflow/agents'
import { mapTree, type NoiseSpec, unflattenTree } from '@revflow/core'
import type { Env } from '@revflow/envs'
import { exportOnnx, type HostTensor } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import type { Policy } from './policy.ts'

/** What a program in another language has to know of a policy, under the key `revflow` of the model's metadata. */
export interface PolicyMetadata {
  readonly task: string
  readonly agent: string
  readonly seed: number
  /** Environment steps it was trained for. */
  readonly step: number
  /** Environment steps an action lasts. */
  readonly actionRepeat: number
  readonly rule: ActionRule
  /** [N, S], its parts in order */
  readonly observation: { readonly input: string; readonly entries: Env['observationSpace']['entries'] }
  /** Inputs to draw anew for each action, by name; all zero: the noise-free action. */
  readonly noise: Readonly<Record<string, { readonly shape: readonly number[]; readonly law: NoiseSpec['law'] }>>
  /** [N, A], in the environment's own units */
  readonly action: { readonly output: string } & Pick<Env['actionSpace'], 'names' | 'low' | 'high'>
}

/**
 * A policy as an ONNX model for `n` observations at once: the sampler and the scaling to the environment's bounds are
 * inside, its noise is an input.
 */
export function exportPolicy(
  { config, step, learner }: Policy,
  { task, observationSpace, actionSpace }: Pick<Env, 'task' | 'observationSpace' | 'actionSpace'>,
  { rule, n }: { readonly rule: ActionRule; readonly n: number },
): { readonly model: Uint8Array; readonly metadata: PolicyMetadata } {
  const spaces = { observationSize: observationSpace.size, actionSize: actionSpace.size }
  const algorithm = createAgent(agents, config.agent, config.options, spaces)
  const specs = algorithm.noise.act(rule, n)
  const toTensor = ({ data, shape, dtype }: HostTensor) => tf.tensor(data, [...shape], dtype)
  const state = mapTree(toTensor, unflattenTree(learner.save().tensors)) as never
  const policy = ({ observation, ...noise }: Noise) => ({
    action: scaled(algorithm.act(rule, state, observation as tf.Tensor2D, noise), actionSpace),
  })
  try {
    const observation = { shape: [n, spaces.observationSize] }
    const model = exportOnnx(policy, { observation, ...specs })
    const { names, low, high } = actionSpace
    const { agent, seed, actionRepeat } = config
    const metadata: PolicyMetadata = {
      ...{ task, agent, seed, step, actionRepeat, rule },
      observation: { input: '0/observation', entries: observationSpace.entries },
      noise: Object.fromEntries(Object.entries(specs).map(([name, { shape, law }]) => [`0/${name}`, { shape, law }])),
      action: { output: 'out/action', names, low, high },
    }
    return { model: withMetadata(model, 'revflow', JSON.stringify(metadata)), metadata }
  } finally {
    tf.dispose(state)
  }
}

/** Actions in [−1, 1] as the environment's own, [N, A]. */
function scaled(action: tf.Tensor2D, { low, high }: Pick<Env['actionSpace'], 'low' | 'high'>): tf.Tensor {
  const half = low.map((l, i) => (high[i]! - l) / 2)
  return tf.add([...low], tf.mul(half, tf.add(action, 1)))
}

/** An encoded ModelProto with an entry of metadata_props (field 14) more: messages of protobuf grow by appending. */
function withMetadata(model: Uint8Array, key: string, value: string): Uint8Array {
  const w = new BinaryWriter().raw(model).tag(14, WireType.LengthDelimited).fork()
  w.tag(1, WireType.LengthDelimited).string(key)
  w.tag(2, WireType.LengthDelimited).string(value)
  return w.join().finish()
}
