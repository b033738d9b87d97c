import * as Plot from '@observablehq/plot'
import { createRng } from '@revflow/core'
import { sampleOde, trainingFree, trainingFreeNoise } from '@revflow/flows'
import { drawNoiseTensors } from '@revflow/stein'
import { figure } from '@revflow/trainer'
import * as tf from '@tensorflow/tfjs'
import { grid, source, twoModes } from './problem.ts'

const [PATHS, STEPS, START] = [40, 40, 0.05]

/** Paths of the flow from noise to two modes, its velocity estimated from the energy alone. */
export function flowFigure(): string {
  const size = { batch: PATHS, candidates: 64, dim: 1 }
  const rng = createRng(1)
  const { velocity } = trainingFree({
    target: twoModes({ m: 0.7, sigma: 0.2 }),
    estimator: 'rfm-two-stage',
    noise: drawNoiseTensors(rng, trainingFreeNoise('rfm-two-stage', size, STEPS)),
  })
  const times = grid(START, 1, STEPS + 1)
  let x: tf.Tensor2D = tf.tensor2d(source.draw(rng, PATHS), [PATHS, 1])
  const rows = times.flatMap((t, i) => {
    if (i > 0) x = sampleOde({ velocity, x0: x, steps: 1, from: times[i - 1]!, to: t })
    return Array.from(x.dataSync(), (value, path) => ({ t, path, value }))
  })
  return figure('From noise (t = 0) to two modes (t = 1)', {
    x: { label: 't' },
    y: { label: 'x', grid: true },
    marks: [
      Plot.lineY(rows, { x: 't', y: 'value', z: 'path', stroke: '#4269d0', strokeOpacity: 0.5 }),
      Plot.dot(rows, { filter: ({ t }) => t === 1, x: 't', y: 'value', r: 2, fill: '#ff725c' }),
    ],
  })
}
