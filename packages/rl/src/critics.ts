import type { Rng } from '@revflow/core'
import { type Activation, type MlpParams, mlp } from '@revflow/nn'
import * as tf from '@tensorflow/tfjs-core'

/** The form of both critics. */
export interface TwinCriticOptions {
  /** S, numbers in an observation. */
  readonly observationSize: number
  /** A, numbers in an action. */
  readonly actionSize: number
  /** Widths of the hidden layers. */
  readonly hidden: readonly number[]
  readonly activation: Activation
  /** LayerNorm before each activation. */
  readonly layerNorm?: boolean
}

/** Parameters of both critics, which share none. */
export interface TwinCriticParams {
  readonly [critic: string]: MlpParams
  readonly q1: MlpParams
  readonly q2: MlpParams
}

/** Q1 and Q2 as pure functions of their parameters. */
export interface TwinCritics {
  /** Both drawn anew, independently. */
  init(rng: Rng): TwinCriticParams
  /** Q1 and Q2 at actions [B, A] or K candidates each [B, K, A]; observations [B, S]; values [B] or [B, K]. */
  apply(params: TwinCriticParams, observation: tf.Tensor2D, action: tf.Tensor): { q1: tf.Tensor; q2: tf.Tensor }
  /** min(Q1, Q2), shaped as in `apply`. */
  minimum(params: TwinCriticParams, observation: tf.Tensor2D, action: tf.Tensor): tf.Tensor
  /** min(Q1, Q2) and its gradient with respect to the action, shaped like the action. */
  minimumWithActionGradient(
    params: TwinCriticParams,
    observation: tf.Tensor2D,
    action: tf.Tensor,
  ): { value: tf.Tensor; grad: tf.Tensor }
  /** ½(Q1 + Q2) and its gradient likewise. */
  meanWithActionGradient: TwinCritics['minimumWithActionGradient']
}

type WithGradient = ReturnType<TwinCritics['minimumWithActionGradient']>

/** Two independent critics Q(s, a); the part of their first layer that sees the state is shared by all candidates. */
export function twinCritics({ observationSize, actionSize, ...options }: TwinCriticOptions): TwinCritics {
  const network = mlp({ inputs: [observationSize, actionSize], outputs: 1, ...options })
  const widest = Math.max(1, ...options.hidden)
  const critic = (params: MlpParams, observation: tf.Tensor2D, action: tf.Tensor) =>
    tf.squeeze(network.apply(params, [observation, action]), [-1])
  const apply: TwinCritics['apply'] = (params, observation, action) => ({
    q1: critic(params.q1, observation, action),
    q2: critic(params.q2, observation, action),
  })
  const minimum: TwinCritics['minimum'] = (params, observation, action) => {
    const chunks = inChunks(observation, action, widest, (s, a) => {
      const { q1, q2 } = apply(params, s, a)
      return tf.minimum(q1, q2)
    })
    return tf.concat(chunks)
  }
  /** Q1 and Q2 with their gradients. */
  const withActionGradient =
    (combine: (q1: WithGradient, q2: WithGradient) => WithGradient): TwinCritics['minimumWithActionGradient'] =>
    (params, observation, action) => {
      const chunks = inChunks(observation, action, widest, (s, a) => {
        // the derivative of a vector of values with unit weights: candidates do not interact
        const [q1, q2] = [params.q1, params.q2].map((p) => tf.valueAndGrad((x) => critic(p, s, x))(a))
        return combine(q1!, q2!)
      })
      return { value: tf.concat(chunks.map((c) => c.value)), grad: tf.concat(chunks.map((c) => c.grad)) }
    }
  return {
    init: (rng) => ({ q1: network.init(rng), q2: network.init(rng) }),
    apply,
    minimum,
    // a choice of rows, of which the compiler computes only what is chosen
    minimumWithActionGradient: withActionGradient((q1, q2) => ({
      value: tf.minimum(q1.value, q2.value),
      grad: tf.where(tf.expandDims(tf.lessEqual(q1.value, q2.value), -1), q1.grad, q2.grad),
    })),
    meanWithActionGradient: withActionGradient((q1, q2) => ({
      value: tf.mul(0.5, tf.add(q1.value, q2.value)),
      grad: tf.mul(0.5, tf.add(q1.grad, q2.grad)),
    })),
  }
}

/** Numbers of a hidden layer that stay in the caches of one core or two while the next one is computed. */
const CHUNK = 2 ** 18
/** ONNX Runtime plans the memory of twice the parts in four times as long. */
const MOST_CHUNKS = 32

/** What `each` makes of parts of the batch: observations [b, S] and actions [b, A] or [b, K, A]. */
function inChunks<T>(s: tf.Tensor2D, a: tf.Tensor, width: number, each: (s: tf.Tensor2D, a: tf.Tensor) => T): T[] {
  const [batch, dim] = [a.shape[0]!, a.shape.at(-1)!]
  const numbers = (a.size / dim) * width
  const length = Math.ceil(batch / Math.min(MOST_CHUNKS, batch, Math.ceil(numbers / CHUNK)))
  if (length >= batch) return [each(s, a)]
  const sizes = Array.from({ length: Math.ceil(batch / length) }, (_, i) => Math.min(length, batch - i * length))
  const actions = tf.split(a, sizes)
  return tf.split(s, sizes).map((part, i) => each(part as tf.Tensor2D, actions[i]!))
}
