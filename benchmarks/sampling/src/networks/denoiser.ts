import type { Rng } from '@revflow/core'
import { fourierFeatures, mlp } from '@revflow/nn'
import * as tf from '@tensorflow/tfjs'
import type { Energy } from '../energies/energy.ts'
import { equivariantNetwork } from './equivariant.ts'
import type { Network, Params } from './network.ts'

/** A network that predicts E[X0|x] for x = X1 + σ X0 with X0 ~ N(0, I). */
export interface Denoiser {
  init(rng: Rng): Params
  /** x [B, d], σ [B] to [B, d] */
  apply(params: Params, x: tf.Tensor2D, sigma: tf.Tensor1D): tf.Tensor2D
}

const LEVEL_FEATURES = 16

/**
 * The network of every method here: a perceptron in the plane, an equivariant network for particles. Around it the
 * scaling of Karras et al. 2022 (arXiv 2206.00364, table 1), with s the energy's scale: F sees inputs of unit size, and
 * predicts what remains, at unit size, when the answer for N(0, s²) is taken off.
 */
export function denoiser(energy: Energy, hidden: number): Denoiser {
  const { scale, sigmaMin, sigmaMax } = energy
  const features = fourierFeatures({ size: LEVEL_FEATURES })
  const network = energy.particles
    ? equivariantNetwork(energy.particles, { hidden, level: LEVEL_FEATURES })
    : perceptron(energy.dim, hidden)
  return {
    init: (rng) => network.init(rng),
    apply(params, x, sigma) {
      const level = tf.div(tf.log(tf.div(sigma, sigmaMin)), Math.log(sigmaMax / sigmaMin)) as tf.Tensor1D
      const wide = tf.expandDims(sigma, 1)
      const total = tf.sqrt(tf.add(tf.square(wide), scale ** 2))
      const remainder = network.apply(params, tf.div(x, total), features(tf.clipByValue(level, 0, 1)))
      const gaussian = tf.mul(x, tf.div(wide, tf.square(total)))
      return tf.sub(gaussian, tf.mul(tf.div(scale, total), remainder)) as tf.Tensor2D
    },
  }
}

function perceptron(dim: number, hidden: number): Network {
  const net = mlp({
    inputs: [dim, LEVEL_FEATURES],
    hidden: [hidden, hidden, hidden],
    outputs: dim,
    activation: 'silu',
    outputScale: 0.1,
  })
  return {
    init: (rng) => net.init(rng) as Params,
    apply: (params, x, level) => net.apply(params as Parameters<typeof net.apply>[0], [x, level]) as tf.Tensor2D,
  }
}
