import * as tf from '@tensorflow/tfjs-core'
import { checkLaw, type Source } from './source.ts'

/** One spherical Gaussian of a {@link gaussianMixture}. */
export interface MixtureComponent {
  /** Share, relative to those of the others. */
  readonly weight: number
  /** [d] */
  readonly mean: readonly number[]
  /** Standard deviation of every coordinate. */
  readonly scale: number
}

/** A mixture of spherical Gaussians. @throws RangeError unless weights and scales are positive and all means have one length */
export function gaussianMixture(components: readonly MixtureComponent[]): Source {
  const dim = components[0]?.mean.length ?? 0
  for (const { weight, mean, scale } of components)
    checkLaw('gaussianMixture', mean.length === dim ? dim : Number.NaN, { weight, scale })
  checkLaw('gaussianMixture', dim, {})
  const cumulative = components.map((_, m) => components.slice(0, m + 1).reduce((sum, { weight }) => sum + weight, 0))
  const total = cumulative.at(-1)!
  const logWeights = components.map(
    ({ weight, scale }) => Math.log(weight / total) - dim * Math.log(scale * Math.sqrt(2 * Math.PI)),
  )
  /** log of each component's part of the density, [..., M] */
  const logParts = (x0: tf.Tensor) => {
    const parts = components.map(({ mean, scale }, m) =>
      tf.add(tf.mul(tf.sum(tf.square(tf.sub(x0, [...mean])), -1), -0.5 / scale ** 2), logWeights[m]!),
    )
    return tf.stack(parts, -1)
  }
  return {
    name: 'gaussian-mixture',
    dim,
    draw(rng, n) {
      const out = new Float32Array(n * dim)
      for (let i = 0; i < n; i++) {
        const u = rng.uniform() * total
        const { mean, scale } = components[cumulative.findIndex((sum) => u <= sum)]!
        for (let j = 0; j < dim; j++) out[i * dim + j] = mean[j]! + scale * rng.normal()
      }
      return out
    },
    logProb: (x0) => tf.tidy(() => tf.logSumExp(logParts(x0), -1)),
    score: (x0) =>
      tf.tidy(() => {
        const shares = tf.softmax(logParts(x0), -1)
        const scores = tf.stack(
          components.map(({ mean, scale }) => tf.div(tf.sub([...mean], x0), scale * scale)),
          -2,
        ) // [..., M, d]
        return tf.sum(tf.mul(tf.expandDims(shares, -1), scores), -2)
      }),
  }
}
