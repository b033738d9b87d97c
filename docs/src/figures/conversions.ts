import * as Plot from '@observablehq/plot'
import { convertPrediction, type Prediction } from '@revflow/schedules'
import { figure } from '@revflow/trainer'
import * as tf from '@tensorflow/tfjs'
import { exactNoise, grid, schedule } from './problem.ts'

const T = 0.7
const modes = { m: 0.7, sigma: 0.2 }

/** One posterior mean, said in four ways. */
export function conversionsFigure(): string {
  const x = grid(-1.5, 1.5, 121)
  const column = (values: readonly number[]) => tf.tensor2d(values.map((value) => [value]))
  const noise = column(x.map((value) => exactNoise(modes, value, T)))
  const rows = (['velocity', 'data', 'noise', 'score'] as const satisfies Prediction[]).flatMap((to) => {
    const values = convertPrediction({ schedule, from: 'noise', to, value: noise, x: column(x), t: T }).dataSync()
    return x.map((at, i) => ({ x: at, value: values[i]!, to }))
  })
  return figure(`What a network may predict at x, two modes, linear flow, t = ${T}`, {
    marginRight: 80,
    x: { label: 'x', grid: true },
    y: { label: null, grid: true },
    marks: [
      Plot.ruleY([0]),
      Plot.lineY(rows, { x: 'x', y: 'value', stroke: 'to', strokeWidth: 2 }),
      Plot.text(
        rows,
        Plot.selectLast({ x: 'x', y: 'value', z: 'to', text: 'to', fill: 'to', dx: 6, textAnchor: 'start' }),
      ),
    ],
  })
}
