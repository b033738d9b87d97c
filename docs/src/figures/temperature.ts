import * as Plot from '@observablehq/plot'
import { createRng } from '@revflow/core'
import { figure } from '@revflow/trainer'
import * as tf from '@tensorflow/tfjs'
import { average, estimate, grid, schedule, source } from './problem.ts'

const [CANDIDATES, POINTS, T] = [16, 400, 0.5]
/** Q(a): a broad hill and a narrow one, a little higher. */
const hills = [
  { height: 0.9, at: -0.4, width: 0.3 },
  { height: 1, at: 0.6, width: 0.12 },
]
const value = (a: number) =>
  hills.reduce((sum, { height, at, width }) => sum + height * Math.exp(-(((a - at) / width) ** 2) / 2), 0)
const tensorValue = (a: tf.Tensor) =>
  tf.addN(
    hills.map(({ height, at, width }) => tf.mul(height, tf.exp(tf.div(tf.square(tf.sub(a, at)), -2 * width ** 2)))),
  )

/** Effective samples of the default estimator at points of the path from uniform actions. */
function effectiveSamples(lambda: number): number {
  const logTarget = (x1: tf.Tensor) => tf.div(tf.squeeze(tensorValue(x1), [-1]), lambda)
  const rng = createRng(0, 'temperature')
  const noise = source.draw(rng, POINTS)
  const { alpha, beta } = schedule.at(T)
  const x = Array.from(noise, (z) => alpha * (2 * rng.uniform() - 1) + beta * z)
  const problem = {
    schedule,
    source,
    support: { low: -1, high: 1 },
    logTarget,
    logTargetAndGrad: (x1: tf.Tensor3D) => ({ value: logTarget(x1), grad: tf.grad(logTarget)(x1) }),
  }
  return average(estimate(problem, 'rfm-box', { x, t: x.map(() => T), candidates: CANDIDATES }).ess)
}

/** π(a) ∝ exp(Q(a)/λ) for some λ. */
export function temperatureFigure(): string {
  const a = grid(-1, 1, 201)
  const rows = [2, 0.5, 0.2, 0.05].flatMap((lambda) => {
    const weights = a.map((action) => Math.exp(value(action) / lambda))
    const mass = average(weights) * 2
    const name = `λ = ${lambda}: ${effectiveSamples(lambda).toFixed(1)} of ${CANDIDATES}`
    return a.map((action, i) => ({ a: action, density: weights[i]! / mass, name }))
  })
  const top = Math.max(...rows.map(({ density }) => density))
  return figure('π(a) ∝ exp(Q(a)/λ), with effective samples at t = 0.5', {
    x: { label: 'a' },
    y: { label: 'density', grid: true },
    marks: [
      Plot.lineY(rows, { x: 'a', y: 'density', stroke: 'name', strokeWidth: 2 }),
      Plot.text([...new Set(rows.map(({ name }) => name))], {
        x: -0.95,
        y: (_, i) => top * (1 - 0.07 * i),
        text: (name) => name,
        fill: (name) => name,
        textAnchor: 'start',
      }),
    ],
  })
}
