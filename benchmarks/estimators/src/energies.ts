import { createRng, type Rng, type Tree } from '@revflow/core'
import { HostTensor } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'

/** Parameters of one energy. */
export type EnergyParams = Tree<HostTensor>

/** A family of unnormalised log densities log p1 over [B, K, d]. */
export interface Energy {
  readonly name: string
  /** One member of the family. */
  draw(rng: Rng, dim: number, scale: number): EnergyParams
  /** [B, K, d] to [B, K] */
  logTarget(params: Tree<tf.Tensor>, x1: tf.Tensor3D): tf.Tensor
}

const HIDDEN = 64

/**
 * Random networks Q = w3·tanh(W2 tanh(W1 a + b1) + b2): entries normal with standard deviations 1.5/√d, .5, 1.4/√64, .3
 * and scale·5/√64, so that Q varies by some 3·scale over the box.
 */
export const mlpEnergy = {
  name: 'mlp',
  draw(rng: Rng, dim: number, scale: number) {
    const normal = (deviation: number, rows: number, columns: number) =>
      HostTensor.from(rng.fillNormal(new Float32Array(rows * columns), deviation), [rows, columns])
    return {
      w1: normal(1.5 / Math.sqrt(dim), dim, HIDDEN),
      b1: normal(0.5, 1, HIDDEN),
      w2: normal(1.4 / Math.sqrt(HIDDEN), HIDDEN, HIDDEN),
      b2: normal(0.3, 1, HIDDEN),
      w3: normal((5 * scale) / Math.sqrt(HIDDEN), HIDDEN, 1),
    }
  },
  logTarget(params: Tree<tf.Tensor>, x1: tf.Tensor3D) {
    const { w1, b1, w2, b2, w3 } = params as Readonly<Record<string, tf.Tensor>>
    const [batch, candidates, dim] = x1.shape as [number, number, number]
    const rows = tf.reshape(x1, [batch * candidates, dim])
    const layer = (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) => tf.tanh(tf.add(tf.matMul(x as tf.Tensor2D, w), b))
    return tf.reshape(tf.matMul(layer(layer(rows, w1!, b1!), w2!, b2!) as tf.Tensor2D, w3!), [batch, candidates])
  },
} satisfies Energy

const MODES = 4
const WIDTH = 0.25

/** scale · log of a mixture of four Gaussians of width .25 with means uniform in [−.8, .8]^d and random weights. */
export const mixtureEnergy = {
  name: 'mixture',
  draw: (rng: Rng, dim: number, scale: number) => ({
    means: HostTensor.from(rng.fillUniform(new Float32Array(MODES * dim), -0.8, 0.8), [MODES, dim]),
    logWeights: HostTensor.from(rng.fillNormal(new Float32Array(MODES))),
    scale: HostTensor.from([scale], []),
  }),
  logTarget(params: Tree<tf.Tensor>, x1: tf.Tensor3D) {
    const { means, logWeights, scale } = params as Readonly<Record<string, tf.Tensor>>
    const squares = tf.sum(tf.square(tf.sub(tf.expandDims(x1, 2), means!)), 3)
    return tf.mul(scale!, tf.logSumExp(tf.add(logWeights!, tf.mul(-0.5 / WIDTH ** 2, squares)), 2))
  },
} satisfies Energy

/** The members of a family that a study averages over. */
export const drawEnergies = (energy: Energy, count: number, dim: number, scale: number): EnergyParams[] =>
  Array.from({ length: count }, (_, i) => energy.draw(createRng(i, `${energy.name} ${dim}`), dim, scale))
