import * as Plot from '@observablehq/plot'
import { coefficients, defineEstimator, importanceSampling, testFunctions, truncatedProposal } from '@revflow/stein'
import { figure } from '@revflow/trainer'
import * as tf from '@tensorflow/tfjs'
import { average, estimate, grid, schedule, source, type Target } from './problem.ts'

/** Q/λ = 2 a on [−1, 1]: the better action is the one at the edge. */
const SLOPE = 2
const target: Target = {
  schedule,
  source,
  support: { low: -1, high: 1 },
  logTarget: (x1) => tf.mul(SLOPE, tf.squeeze(x1, [-1])),
  logTargetAndGrad: (x1) => ({ value: tf.mul(SLOPE, tf.squeeze(x1, [-1])), grad: tf.fill(x1.shape, SLOPE) }),
}
const X = 0.1

/** E[X0|x] by quadrature over the box. */
function exact(x: number, t: number): number {
  const { alpha, beta } = schedule.at(t)
  const points = grid(-1, 1, 4001).map((x1) => {
    const x0 = (x - alpha * x1) / beta
    return { x0, weight: Math.exp(SLOPE * x1 - x0 ** 2 / 2) }
  })
  return average(points.map(({ x0, weight }) => x0 * weight)) / average(points.map(({ weight }) => weight))
}

const gradientForm = defineEstimator({
  name: 'gradient form',
  reference: 'docs: a constant test function on a box',
  targets: ['bounded'],
  ...importanceSampling({
    proposal: truncatedProposal,
    control: { testFunction: testFunctions.constantDiagonal, coefficient: coefficients.constant(1) },
  }),
})

/** Means of 200 estimates against t: what is left of the distance to the truth is bias. */
export function boundedFigure(): string {
  const times = grid(0.2, 0.95, 16)
  const rows = times.flatMap((t) => {
    const mean = (estimator: Parameters<typeof estimate>[1]) =>
      average(estimate(target, estimator, { x: Array(200).fill(X), t: Array(200).fill(t), candidates: 32 }).noise)
    return [
      { t, value: exact(X, t), name: 'exact' },
      { t, value: mean(gradientForm), name: 'gradient form' },
      { t, value: mean('rfm-box'), name: 'rfm-box' },
    ]
  })
  return figure(`E[X0|x = ${X}] where Q/λ = 2a ends at the bounds [−1, 1]: means of 200 estimates`, {
    x: { label: 't', grid: true },
    y: { label: 'E[X0|x]', grid: true },
    color: { domain: ['exact', 'gradient form', 'rfm-box'], range: ['#222', '#ff725c', '#4269d0'] },
    marks: [
      Plot.lineY(rows, {
        filter: ({ name }) => name !== 'rfm-box',
        x: 't',
        y: 'value',
        stroke: 'name',
        strokeWidth: 2,
      }),
      Plot.dot(rows, { filter: ({ name }) => name === 'rfm-box', x: 't', y: 'value', stroke: 'name' }),
      ...['exact', 'gradient form'].map((label) =>
        Plot.text(rows, {
          filter: ({ t, name }) => t === times[0] && name === label,
          x: 't',
          y: 'value',
          text: 'name',
          fill: 'name',
          dx: 14,
          textAnchor: 'start',
        }),
      ),
    ],
  })
}
