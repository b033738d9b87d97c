import { createRng } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'
import { knownCritics, knownQ, type Problem } from './known-q.ts'

/** A mixture of equal normals in the plane, its modes within the bounds. */
export interface Mixture {
  readonly modes: readonly (readonly [number, number])[]
  readonly sigma: number
}

/** A Boltzmann density of two modes, on the first axis. */
export const twoModes: Mixture = {
  modes: [
    [-0.5, 0],
    [0.5, 0],
  ],
  sigma: 0.15,
}
/** A Boltzmann density of four modes, one a quadrant. */
export const fourModes: Mixture = {
  modes: [
    [-0.5, -0.5],
    [-0.5, 0.5],
    [0.5, -0.5],
    [0.5, 0.5],
  ],
  sigma: 0.15,
}

/** Two bandits in one problem: exp(Q) is {@link twoModes} in state −1 and {@link fourModes} in state 1; λ = 1. */
export const bandits: Problem = knownQ(
  knownCritics((observation, action) => {
    const [two, four] = [logDensity(twoModes, action), logDensity(fourModes, action)]
    const isTwo = tf.cast(tf.less(tf.squeeze(observation, [-1]), 0), 'float32')
    return tf.add(tf.mul(isTwo, two), tf.mul(tf.sub(1, isTwo), four))
  }),
  [-1, 1],
  2,
)

/** log density of a mixture up to a constant, [.., 2] to [..] */
function logDensity({ modes, sigma }: Mixture, action: tf.Tensor): tf.Tensor {
  const distance = tf.sub(tf.expandDims(action, -2), tf.tensor2d(modes.map((mode) => [...mode])))
  return tf.logSumExp(tf.mul(-0.5 / sigma ** 2, tf.sum(tf.square(distance), -1)), -1)
}

/** n draws from a mixture. */
export function drawMixture({ modes, sigma }: Mixture, n: number, seed: number): number[][] {
  const rng = createRng(seed)
  return Array.from({ length: n }, () => modes[rng.integer(modes.length)]!.map((m) => m + sigma * rng.normal()))
}

/** n draws of the normal with a mixture's own mean (zero) and deviations: what a policy of one mode can do at best. */
export function drawMomentMatched({ modes, sigma }: Mixture, n: number, seed: number): number[][] {
  const rng = createRng(seed)
  const deviation = [0, 1].map((j) =>
    Math.sqrt(modes.reduce((sum, mode) => sum + mode[j]! ** 2, 0) / modes.length + sigma ** 2),
  )
  return Array.from({ length: n }, () => deviation.map((s) => s * rng.normal()))
}

/** Energy distance 2 E|X − Y| − E|X − X'| − E|Y − Y'| of two samples, unbiased: zero in the mean for equal laws. */
export function energyDistance(x: readonly (readonly number[])[], y: readonly (readonly number[])[]): number {
  const total = (a: typeof x, b: typeof x) =>
    a.reduce((sum, p) => sum + b.reduce((s, q) => s + Math.hypot(...p.map((v, j) => v - q[j]!)), 0), 0)
  const [n, m] = [x.length, y.length]
  return (2 * total(x, y)) / (n * m) - total(x, x) / (n * (n - 1)) - total(y, y) / (m * (m - 1))
}

/** The share of actions nearest to each mode. */
export function modeShares(actions: readonly (readonly number[])[], { modes }: Mixture): number[] {
  const counts = modes.map(() => 0)
  for (const action of actions) {
    const distances = modes.map((mode) => Math.hypot(...mode.map((m, j) => m - action[j]!)))
    counts[distances.indexOf(Math.min(...distances))]! += 1
  }
  return counts.map((count) => count / actions.length)
}
