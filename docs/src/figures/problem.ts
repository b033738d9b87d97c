import { createRng } from '@revflow/core'
import { gaussian, linearFlow, type Source } from '@revflow/schedules'
import {
  drawNoiseTensors,
  type Estimator,
  estimatePosteriorMean,
  estimatorNoise,
  type PosteriorProblem,
} from '@revflow/stein'
import * as tf from '@tensorflow/tfjs'

export const schedule = linearFlow()
export const source: Source = gaussian({ dim: 1 })
export type Target = Omit<PosteriorProblem, 'x' | 't'>

/** Two normals of deviation σ about ±m on a line. */
export function twoModes({ m, sigma }: { readonly m: number; readonly sigma: number }): Target {
  const energies = (x1: tf.Tensor) => {
    const away = tf.sub(tf.tensor1d([-m, m]), x1)
    return { away, logits: tf.div(tf.square(away), -2 * sigma ** 2) }
  }
  const logTarget = (x1: tf.Tensor3D) => tf.logSumExp(energies(x1).logits, -1)
  return {
    schedule,
    source,
    logTarget,
    logTargetAndGrad(x1) {
      const { away, logits } = energies(x1)
      const pull = tf.div(tf.sum(tf.mul(tf.softmax(logits), away), -1, true), sigma ** 2)
      return { value: logTarget(x1), grad: pull }
    },
  }
}

/** E[X0|x] of {@link twoModes} in closed form: a normal each, weighted by how likely it made x. */
export function exactNoise({ m, sigma }: { readonly m: number; readonly sigma: number }, x: number, t: number): number {
  const { alpha, beta } = schedule.at(t)
  const variance = alpha ** 2 * sigma ** 2 + beta ** 2
  const [left, right] = [-m, m].map((mode) => ({
    likelihood: Math.exp(-((x - alpha * mode) ** 2) / (2 * variance)),
    mean: (beta * (x - alpha * mode)) / variance,
  })) as [Mode, Mode]
  return (left.likelihood * left.mean + right.likelihood * right.mean) / (left.likelihood + right.likelihood)
}
interface Mode {
  readonly likelihood: number
  readonly mean: number
}

/** Estimates at each (x, t) of a target on a line, and their effective samples. Noise is that of the seed alone. */
export function estimate(
  target: Target,
  estimator: string | Estimator,
  { x, t, candidates, seed = 0 }: { x: readonly number[]; t: readonly number[]; candidates: number; seed?: number },
) {
  const noise = drawNoiseTensors(createRng(seed), estimatorNoise(estimator, { batch: x.length, candidates, dim: 1 }))
  const problem = { ...target, x: tf.tensor2d(x.map((value) => [value])), t: tf.tensor1d([...t]) }
  const { noise: mean, diagnostics } = estimatePosteriorMean(problem, { estimator, noise })
  return { noise: Array.from(mean.dataSync()), ess: Array.from(diagnostics.ess.dataSync()) }
}

/** `n` numbers from `from` to `to`, both included. */
export const grid = (from: number, to: number, n: number) =>
  Array.from({ length: n }, (_, i) => from + ((to - from) * i) / (n - 1))

export const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length
