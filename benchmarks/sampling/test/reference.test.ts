import { createRng } from '@revflow/core'
import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import type { Energy } from '../src/energies/energy.ts'
import { bennett, freeEnergy } from '../src/reference/free-energy.ts'
import { temper } from '../src/reference/tempering.ts'

await tf.setBackend('cpu')

/** −½|x − 1|²/v in two dimensions: log Z = log 2πv. */
const VARIANCE = 0.25
const shifted: Energy = {
  name: 'shifted Gaussian',
  reference: 'closed form',
  dim: 2,
  scale: 1,
  sigmaMax: 1,
  sigmaMin: 0.1,
  scoreClip: 1,
  proposalSigma: 0.1,
  logTargetAndGrad(x) {
    const grad = tf.div(tf.sub(1, x), VARIANCE)
    return { value: tf.mul(-0.5 * VARIANCE, tf.sum(tf.square(grad), -1)), grad }
  },
}

it('Bennett: the ratio of two Gaussians of different width', () => {
  const rng = createRng(1)
  // p̃0 = e^{−x²/2}, p̃1 = e^{−2x²}: Z1/Z0 = ½
  const work = (scale: number) => rng.fillNormal(new Float64Array(50_000), scale).map((x) => -1.5 * x * x)
  expect(bennett(work(1), work(0.5))).toBeCloseTo(Math.log(0.5), 2)
})

it('tempering: mean, variance and log Z of a Gaussian, within four standard errors', async () => {
  const lambdas = [0, 0.2, 0.6, 1]
  const chains = 64
  const { samples, slopes, moved, exchanged } = await temper(shifted, {
    seed: 0,
    lambdas,
    chains,
    burnIn: 60,
    moves: 200,
    leaps: 4,
    thin: 4,
  })
  const { logZ, error } = freeEnergy(slopes, lambdas, { chains })
  expect(error).toBeLessThan(0.05)
  expect(Math.abs(logZ - Math.log(2 * Math.PI * VARIANCE))).toBeLessThan(4 * error)
  const n = samples.length
  const mean = samples.reduce((sum, v) => sum + v, 0) / n
  const variance = samples.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n
  // states four moves apart may be as good as a quarter of as many independent ones
  expect(Math.abs(mean - 1)).toBeLessThan(4 * Math.sqrt((4 * VARIANCE) / n))
  expect(Math.abs(variance - VARIANCE)).toBeLessThan(4 * VARIANCE * Math.sqrt((4 * 2) / n))
  for (const rate of moved) expect(rate).toBeGreaterThan(0.6)
  for (const rate of exchanged) expect(rate).toBeGreaterThan(0.3)
})
