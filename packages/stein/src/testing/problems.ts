import { gaussian, type Schedule } from '@revflow/schedules'
import * as tf from '@tensorflow/tfjs-core'
import type { PosteriorProblem } from '../problem.ts'

/** A question whose answer is known: x [d] at time t, the same in every coordinate's law. */
export interface KnownProblem {
  readonly name: string
  readonly schedule: Schedule
  readonly x: readonly number[]
  readonly t: number
  /** E[X0|x], [d] */
  readonly answer: readonly number[]
  /** B copies of it. */
  problem(batch: number): PosteriorProblem
}

const MEAN = [0.4, -0.7]
const VARIANCE = 0.3

/** X1 ~ N(m, v) in each of two coordinates: E[X0|x] = β(x − αm)/(α²v + β²). */
export function gaussianProblem(schedule: Schedule, t: number, x: readonly number[] = [0.5, -0.2]): KnownProblem {
  const { alpha, beta } = schedule.at(t)
  return {
    name: `Gaussian target, ${schedule.name}, t = ${t}`,
    schedule,
    x,
    t,
    answer: x.map((value, j) => (beta * (value - alpha * MEAN[j]!)) / (alpha ** 2 * VARIANCE + beta ** 2)),
    problem(batch) {
      const logTarget = (x1: tf.Tensor) => tf.sum(tf.div(tf.square(tf.sub(x1, MEAN)), -2 * VARIANCE), -1)
      const logTargetAndGrad = (x1: tf.Tensor) => ({ value: logTarget(x1), grad: tf.div(tf.sub(MEAN, x1), VARIANCE) })
      return { ...base(schedule, x, t, batch), logTarget, logTargetAndGrad }
    },
  }
}

/** p1 ∝ e^(3 sin 4a + a) on [−1, 1] in each coordinate, two modes each; E[X0|x] by quadrature. */
export function boxProblem(schedule: Schedule, t: number, x: readonly number[]): KnownProblem {
  const { alpha, beta } = schedule.at(t)
  return {
    name: `two modes on a box, ${schedule.name}, t = ${t}, x = ${x}`,
    schedule,
    x,
    t,
    answer: x.map((value) => meanNoise((a) => 3 * Math.sin(4 * a) + a, value, { alpha, beta })),
    problem(batch) {
      const logTarget = (x1: tf.Tensor) => tf.sum(tf.add(tf.mul(3, tf.sin(tf.mul(4, x1))), x1), -1)
      const gradient = (x1: tf.Tensor) => tf.add(tf.mul(12, tf.cos(tf.mul(4, x1))), 1)
      return {
        ...base(schedule, x, t, batch),
        support: { low: -1, high: 1 },
        logTarget,
        logTargetAndGrad: (x1) => ({ value: logTarget(x1), grad: gradient(x1) }),
      }
    },
  }
}

const base = (schedule: Schedule, x: readonly number[], t: number, batch: number) => ({
  schedule,
  source: gaussian({ dim: x.length }),
  x: tf.tensor2d(Array.from({ length: batch }, () => [...x])),
  t: tf.fill([batch], t) as tf.Tensor1D,
  centre: tf.fill([batch, x.length], 0.3) as tf.Tensor2D,
})

/** E[X0|x] of p1 ∝ e^Q on [−1, 1], by the midpoint rule. */
function meanNoise(q: (a: number) => number, x: number, { alpha, beta }: { alpha: number; beta: number }): number {
  const n = 20_000
  let [total, weighted] = [0, 0]
  for (let i = 0; i < n; i++) {
    const a = -1 + (2 * (i + 0.5)) / n
    const x0 = (x - alpha * a) / beta
    const weight = Math.exp(q(a) - 0.5 * x0 * x0)
    total += weight
    weighted += weight * x0
  }
  return weighted / total
}
