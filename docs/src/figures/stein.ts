import * as Plot from '@observablehq/plot'
import { createRng } from '@revflow/core'
import { coefficients, defineEstimator, importanceSampling, sourceProposal, testFunctions } from '@revflow/stein'
import { figure } from '@revflow/trainer'
import { average, estimate, exactNoise, grid, schedule, source, twoModes } from './problem.ts'

const modes = { m: 0.7, sigma: 0.4 }
const [POINTS, CANDIDATES] = [200, 32]

const withEta = (eta: number) =>
  defineEstimator({
    name: `eta-${eta}`,
    reference: 'docs: the error against η',
    targets: ['unbounded'],
    ...importanceSampling({
      proposal: sourceProposal,
      control: { testFunction: testFunctions.constantDiagonal, coefficient: coefficients.constant(eta) },
    }),
  })

/** Mean square error of Σ w̄ (x0 + η s) against η, over points x_t of the path. */
export function steinFigure(): string {
  const target = twoModes(modes)
  const rows = [0.3, 0.5, 0.7, 0.9].flatMap((time) => {
    const { alpha, beta } = schedule.at(time)
    const rng = createRng(0, `stein/${time}`)
    const [x0, kick] = [source.draw(rng, POINTS), source.draw(rng, POINTS)]
    const x = Array.from(x0, (noise, i) => {
      const x1 = (rng.uniform() < 0.5 ? -1 : 1) * modes.m + modes.sigma * kick[i]!
      return alpha * x1 + beta * noise
    })
    const truth = x.map((value) => exactNoise(modes, value, time))
    const error = (eta: number) => {
      const { noise } = estimate(target, withEta(eta), { x, t: x.map(() => time), candidates: CANDIDATES })
      return average(noise.map((value, i) => (value - truth[i]!) ** 2))
    }
    return grid(-0.2, 1.2, 29).map((eta) => ({ eta, error: error(eta), name: `t = ${time}` }))
  })
  return figure(`Squared error of E[X0|x] against η, K = ${CANDIDATES}, two modes on a line`, {
    marginRight: 60,
    marginTop: 50,
    x: { label: 'η', grid: true },
    y: { label: 'mean square error', type: 'log', grid: true },
    marks: [
      Plot.ruleX([0, 1], { strokeDasharray: '4 3' }),
      Plot.text(['noise expectation', 'gradient expectation'], {
        x: (_, i) => i,
        text: (name) => name,
        frameAnchor: 'top',
        dy: -14,
      }),
      Plot.lineY(rows, { x: 'eta', y: 'error', stroke: 'name', strokeWidth: 2 }),
      Plot.dot(rows, Plot.select({ y: 'min' }, { x: 'eta', y: 'error', z: 'name', fill: 'name', r: 5 })),
      Plot.text(
        rows,
        Plot.selectLast({ x: 'eta', y: 'error', z: 'name', text: 'name', fill: 'name', dx: 6, textAnchor: 'start' }),
      ),
    ],
  })
}
