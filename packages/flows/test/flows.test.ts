import { createRng } from '@revflow/core'
import {
  conditionalFlowMatchingLoss,
  interpolate,
  reverseFlowMatchingLoss,
  type SolverName,
  sampleOde,
  solvers,
  velocityTarget,
} from '@revflow/flows'
import { gaussian, linearFlow, vpCosine } from '@revflow/schedules'
import { estimatePosteriorMean } from '@revflow/stein'
import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let tensors = 0
beforeEach(() => {
  tensors = tf.memory().numTensors
})
afterEach(() => expect(tf.memory().numTensors).toBe(tensors))

describe('sampleOde', () => {
  /** dx/dt = x·(1 + t), x(1) = x(0)·e^{3/2}. */
  const error = (solver: SolverName, steps: number) => {
    const x = tf.tidy(() =>
      sampleOde({
        velocity: (at, t) => tf.mul(at, tf.add(1, tf.expandDims(t, 1))) as tf.Tensor2D,
        x0: tf.tensor2d([[1]]),
        steps,
        solver,
      }).dataSync(),
    )
    return Math.abs(x[0]! - Math.exp(1.5))
  }
  // steps coarse enough that float32 rounding stays far below the error
  const steps = { euler: 64, midpoint: 16, heun: 16, rk4: 4 }
  it.each(Object.values(solvers))('$name converges with its declared order $order', ({ name, order }) => {
    const solver = name as SolverName
    const measured = Math.log2(error(solver, steps[solver]) / error(solver, 2 * steps[solver]))
    expect(Math.abs(measured - order)).toBeLessThan(0.35)
  })

  it('names bad arguments', () => {
    const options = { velocity: (x: tf.Tensor2D) => x, x0: tf.zeros([1, 1]) as tf.Tensor2D }
    expect(() => sampleOde({ ...options, steps: 0 })).toThrow(
      'sampleOde.steps: expected a positive integer, received 0',
    )
    expect(() => sampleOde({ ...options, steps: 1, solver: 'eular' as 'euler' })).toThrow("did you mean 'euler'?")
    options.x0.dispose()
  })
})

describe('losses', () => {
  it('have the same minimiser: reverse targets average conditional ones (Proposition 1)', () => {
    // X1 ~ N(m, v): the mean of conditional velocities near a point x equals the reverse target there
    const [m, v, t, x, n, width] = [0.4, 0.3, 0.5, 0.6, 400_000, 0.02]
    for (const schedule of [linearFlow(), vpCosine()]) {
      const rng = createRng(2)
      const { alpha, beta, alphaDot, betaDot } = schedule.at(t)
      const near: number[] = []
      for (let i = 0; i < n; i++) {
        const [x0, x1] = [rng.normal(), m + Math.sqrt(v) * rng.normal()]
        if (Math.abs(alpha * x1 + beta * x0 - x) < width) near.push(alphaDot * x1 + betaDot * x0)
      }
      const mean = near.reduce((a, b) => a + b, 0) / near.length
      const spread = Math.sqrt(near.reduce((sum, u) => sum + (u - mean) ** 2, 0) / near.length)
      const [fromNoise, fromData] = tf.tidy(() => {
        const [at, time] = [tf.tensor2d([[x]]), tf.tensor1d([t])]
        const logTarget = (x1: tf.Tensor) => tf.sum(tf.div(tf.square(tf.sub(x1, m)), -2 * v), -1)
        const posterior = estimatePosteriorMean(
          {
            schedule,
            source: gaussian({ dim: 1 }),
            x: at,
            t: time,
            logTarget,
            logTargetAndGrad: (x1) => ({ value: logTarget(x1), grad: tf.div(tf.sub(m, x1), v) }),
          },
          {
            estimator: 'rfm',
            noise: { candidates: tf.tensor3d(createRng(1).fillNormal(new Float32Array(4000)), [1, 4000, 1]) },
          },
        )
        const target = (view: 'noise' | 'data') =>
          velocityTarget({
            schedule,
            x: at,
            t: time,
            posterior: view === 'noise' ? { noise: posterior.noise } : { data: posterior.data },
          }).dataSync()[0]!
        return [target('noise'), target('data')]
      })
      expect(fromNoise!).toBeCloseTo(fromData!, 3)
      expect(Math.abs(fromNoise! - mean)).toBeLessThan((4 * spread) / Math.sqrt(near.length) + 0.01)
    }
  })

  it('are means of squares', () => {
    tf.tidy(() => {
      const sample = interpolate(linearFlow(), tf.tensor2d([[1, 2]]), tf.tensor2d([[3, 6]]), tf.tensor1d([0.25]))
      expect([...sample.x.dataSync()]).toEqual([1.5, 3])
      expect([...sample.velocity.dataSync()]).toEqual([2, 4])
      expect(conditionalFlowMatchingLoss(tf.tensor2d([[2, 2]]), sample).dataSync()[0]).toBe(2)
      expect(reverseFlowMatchingLoss(tf.tensor2d([[1, 2]]), tf.tensor2d([[1, 4]])).dataSync()[0]).toBe(2)
    })
  })
})
