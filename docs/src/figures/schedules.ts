import * as Plot from '@observablehq/plot'
import { cosineFlow, linearFlow, linearRates, veGeometric, vpCosine, vpDiscrete, vpLinear } from '@revflow/schedules'
import { figure } from '@revflow/trainer'
import { grid } from './problem.ts'

const ddpm = vpDiscrete({ rates: linearRates({ steps: 20, first: 1e-4, last: 0.999, scale: 0.3 }) })
const all = [linearFlow(), cosineFlow(), vpLinear(), vpCosine(), ddpm, veGeometric({ sigmaMin: 0.01, sigmaMax: 1 })]

/** α and β of each schedule over the times it is used at. */
export function schedulesFigure(): string {
  const rows = all.flatMap((schedule) =>
    grid(schedule.tMin, schedule.tMax, 81).flatMap((t) => {
      const { alpha, beta } = schedule.at(t)
      return [
        { name: schedule.name, t, coefficient: 'α', value: alpha },
        { name: schedule.name, t, coefficient: 'β', value: beta },
      ]
    }),
  )
  return figure('X_t = α X1 + β X0', {
    height: 260,
    marginTop: 60,
    x: { ticks: [0, 1], tickFormat: 'd', label: 't' },
    y: { grid: true, label: null },
    fx: { label: null, domain: all.map(({ name }) => name) },
    color: { domain: ['α', 'β'] },
    marks: [
      Plot.lineY(rows, { x: 't', y: 'value', fx: 'name', stroke: 'coefficient', strokeWidth: 2 }),
      Plot.text(['α', 'β'], {
        fx: () => 'linear-flow',
        x: 0.5,
        y: (name) => (name === 'α' ? 0.75 : 0.25),
        text: (name) => name,
        fill: (name) => name,
        fontSize: 16,
      }),
    ],
  })
}
