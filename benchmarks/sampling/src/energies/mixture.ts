import * as tf from '@tensorflow/tfjs'
import { mersenne } from 'pure-rand/generator/mersenne'
import { type Energy, rows } from './energy.ts'

const MODES = 40
/** Half the side of the square that the means are drawn from. */
const SPREAD = 40
/** Standard deviation of each mode: softplus(1). */
const DEVIATION = Math.log1p(Math.E)
/** iDEM's networks see coordinates divided by this; so do ours. */
export const UNIT = 50

/**
 * Means of the modes, [40][2]. The original's come of `torch.manual_seed(0); torch.rand(40, 2)`: a Mersenne Twister of
 * which torch takes 24 bits a number, so that they can be had without torch.
 */
function originalMeans(): number[][] {
  const generator = mersenne(0)
  const uniform = () => (generator.next() & 0xffffff) / 2 ** 24
  return Array.from({ length: MODES }, () => [uniform(), uniform()].map((u) => (2 * u - 1) * SPREAD))
}

/** Means of the modes in our coordinates, [40][2]. */
export const mixtureMeans: readonly (readonly number[])[] = originalMeans().map((mean) => mean.map((m) => m / UNIT))

/**
 * Forty equal Gaussian modes in the plane. Means uniform in [−40, 40]², deviation softplus(1): Midgley et al. 2023 (FAB,
 * arXiv 2208.01893, `fab/target_distributions/gmm.py`); seed 0, coordinates divided by 50, σ_max = 1, scores clipped to
 * norm 70: Akhound-Sadegh et al. 2024 (iDEM, arXiv 2402.06121, `configs/energy/gmm.yaml`, `gmm_idem.yaml`). Normalised,
 * so log Z = 0. σ_min is ours (iDEM: 1e-5): a thirteenth of a mode's deviation.
 */
export function mixture(): Energy {
  const deviation = DEVIATION / UNIT
  const logNormaliser = -Math.log(MODES) - Math.log(2 * Math.PI * deviation ** 2)
  const column = (j: number) => mixtureMeans.map((mean) => mean[j]!)
  return {
    name: 'mixture',
    reference: 'FAB (arXiv 2208.01893) and iDEM (arXiv 2402.06121)',
    dim: 2,
    scale: 0.5,
    sigmaMax: 1,
    sigmaMin: 0.002,
    scoreClip: 70,
    proposalSigma: 0.1,
    support: { low: -1, high: 1 },
    logZ: 0,
    logTargetAndGrad(x) {
      const points = rows(x)
      const towards = [0, 1].map((j) => tf.sub(tf.tensor1d(column(j)), tf.slice(points, [0, j], [-1, 1]))) // [B·K, M]
      const squares = tf.add(tf.square(towards[0]!), tf.square(towards[1]!))
      const logParts = tf.mul(squares, -0.5 / deviation ** 2)
      const shares = tf.mul(tf.softmax(logParts), 1 / deviation ** 2)
      const grad = towards.map((step) => tf.sum(tf.mul(shares, step), 1, true))
      const value = tf.add(tf.logSumExp(logParts, 1), logNormaliser)
      return { value: tf.reshape(value, x.shape.slice(0, 2)), grad: tf.reshape(tf.concat(grad, 1), x.shape) }
    },
    draw(rng, n) {
      const out = new Float32Array(2 * n)
      for (let i = 0; i < n; i++) {
        const mean = mixtureMeans[rng.integer(MODES)]!
        for (const j of [0, 1]) out[2 * i + j] = mean[j]! + deviation * rng.normal()
      }
      return out
    },
  }
}
