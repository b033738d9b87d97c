import type { Rng } from '@revflow/core'
import { activations } from '@revflow/nn'
import * as tf from '@tensorflow/tfjs'
import type { Particles } from '../energies/energy.ts'
import type { Network, Params } from './network.ts'

/** Gaussian bumps over distances that a pair is seen by, in units of the inputs. */
const BUMPS = 20
const REACH = 5

/**
 * A small equivariant network after Satorras et al. 2021 (arXiv 2102.09844): messages m_ij of pairs from their distance
 * and both particles' features h, features from the sum of messages, then v_i = Σ_j φ(m_ij)(x_i − x_j)/n. Positions stay
 * where they are between layers, so distances are computed once. Invariant to translations and exchanges, equivariant
 * to rotations and reflections.
 */
export function equivariantNetwork(
  { count, dimension, basis }: Particles,
  { hidden, level, layers = 3 }: { readonly hidden: number; readonly level: number; readonly layers?: number },
): Network {
  const silu = activations.silu
  const kernel = (rng: Rng, rows: number, columns: number, factor = 1) => {
    const bound = factor * Math.sqrt(3 / rows)
    return tf.tensor2d(rng.fillUniform(new Float32Array(rows * columns), -bound, bound), [rows, columns])
  }
  const dense = (x: tf.Tensor, w: tf.Tensor) => {
    const product = tf.matMul(tf.reshape(x, [-1, w.shape[0]!]) as tf.Tensor2D, w as tf.Tensor2D)
    return tf.reshape(product, [...x.shape.slice(0, -1), w.shape[1]!])
  }
  return {
    init(rng) {
      const layer = (i: number) => ({
        distance: kernel(rng, BUMPS, hidden),
        level: kernel(rng, level, hidden),
        bias: tf.zeros([hidden]),
        message: kernel(rng, hidden, hidden),
        messageBias: tf.zeros([hidden]),
        ...(i > 0 && { here: kernel(rng, hidden, hidden), there: kernel(rng, hidden, hidden) }),
        ...(i < layers - 1 && { feature: kernel(rng, hidden, hidden) }),
      })
      const all = Array.from({ length: layers }, (_, i) => [`layer${i}`, layer(i)] as const)
      return { ...Object.fromEntries(all), force: kernel(rng, hidden, 1, 0.1) } as Params
    },
    apply(params, x, levels) {
      const positions = tf.reshape(tf.matMul(x, basis), [-1, count, dimension])
      const difference = tf.sub(tf.expandDims(positions, 2), tf.expandDims(positions, 1)) // [B, n, n, D]
      const distance = tf.sqrt(tf.add(tf.sum(tf.square(difference), 3, true), 1e-6))
      const centres = Array.from({ length: BUMPS }, (_, i) => (REACH * i) / (BUMPS - 1))
      const bumps = tf.exp(tf.mul(-0.5, tf.square(tf.mul(BUMPS / REACH, tf.sub(distance, tf.tensor1d(centres))))))
      let features: tf.Tensor | undefined
      let messages: tf.Tensor = bumps
      for (let i = 0; i < layers; i++) {
        const own = params[`layer${i}`] as Readonly<Record<string, tf.Tensor>>
        const shared = tf.add(dense(levels, own.level!), own.bias!) // [B, h]
        let sum = tf.add(dense(bumps, own.distance!), tf.reshape(shared, [-1, 1, 1, shared.shape[1]!]))
        if (features) {
          sum = tf.add(sum, tf.expandDims(dense(features, own.here!), 2))
          sum = tf.add(sum, tf.expandDims(dense(features, own.there!), 1))
        }
        messages = silu(tf.add(dense(silu(sum), own.message!), own.messageBias!)) // [B, n, n, h]
        if (i === layers - 1) break
        const update = dense(tf.mean(messages, 2), own.feature!) // [B, n, h]
        features = features ? tf.add(features, update) : update
      }
      const force = dense(messages, params.force as tf.Tensor) // [B, n, n, 1]
      const velocity = tf.mean(tf.mul(force, difference), 2)
      const flat = tf.reshape(velocity, [-1, count * dimension]) as tf.Tensor2D
      return tf.matMul(flat, basis, false, true) as tf.Tensor2D
    },
  }
}
