import { createRng, mapTree } from '@revflow/core'
import { HostTensor } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import { energies } from '../src/energies/index.ts'
import { sampleFlow } from '../src/evaluate.ts'
import { methods } from '../src/methods.ts'
import { createModel } from '../src/model.ts'
import { equivariantNetwork } from '../src/networks/equivariant.ts'
import { clippedMean } from '../src/regression.ts'
import { candidatesFor } from '../src/training-free.ts'

await tf.setBackend('cpu')
const close = (a: tf.Tensor, b: tf.Tensor, digits = 4) => {
  const other = b.dataSync()
  for (const [i, value] of a.dataSync().entries()) expect(value).toBeCloseTo(other[i]!, digits)
}

describe('the equivariant network', () => {
  const particles = energies.dw4().particles!
  const net = equivariantNetwork(particles, { hidden: 8, level: 4 })
  const params = net.init(createRng(0))
  const level = tf.tensor2d([[0.1, -0.4, 0.3, 0.2]])
  const y = tf.tensor2d(createRng(1).fillNormal(new Float32Array(6)), [1, 6])
  const lift = (z: tf.Tensor2D) => tf.reshape(tf.matMul(z, particles.basis), [4, 2]) as tf.Tensor2D
  const lower = (x: tf.Tensor) => tf.matMul(tf.reshape(x, [1, 8]) as tf.Tensor2D, particles.basis, false, true)
  const apply = (x: tf.Tensor) => lift(net.apply(params, lower(x) as tf.Tensor2D, level))
  const here = apply(lift(y))

  it('turns with its input and follows exchanges of particles', () => {
    const turn = tf.tensor2d([
      [Math.cos(1), Math.sin(1)],
      [Math.sin(1), -Math.cos(1)],
    ])
    close(apply(tf.matMul(lift(y), turn)), tf.matMul(here, turn))
    const order = [3, 1, 0, 2]
    close(apply(tf.gather(lift(y), order)), tf.gather(here, order))
    expect(tf.max(tf.abs(here)).dataSync()[0]).toBeGreaterThan(1e-4)
  })
})

describe('a network that says nothing', () => {
  it.each(['idem', 'rfm-flow'])('is the answer for a Gaussian: %s', async (name) => {
    const energy = energies.mixture()
    const method = methods[name]!(energy)
    const { scale } = energy
    const nothing = mapTree((leaf: tf.Tensor) => tf.zerosLike(leaf), createModel(energy, method, 8).init(createRng(0)))
    // E[X0|x] = g σ x/(α(s² + σ²)) with σ = β g/α
    const t = 0.6
    const { alpha, beta } = method.schedule.at(t)
    const g = method.source.scale
    const sigma = (beta * g) / alpha
    const x = tf.tensor2d([[0.3, -0.2]])
    const predicted = createModel(energy, method, 8).noise(nothing as never, x, tf.tensor1d([t]))
    close(predicted, tf.mul(x, (g * sigma) / (alpha * (scale ** 2 + sigma ** 2))))
    // its flow takes a Gaussian to a Gaussian: both ends' deviations are known
    const host = mapTree(
      (leaf: tf.Tensor) => new HostTensor('float32', leaf.shape, leaf.dataSync<'float32'>()),
      nothing,
    )
    const { x: samples, logProb } = await sampleFlow(energy, method, host, {
      seed: 0,
      samples: 64,
      steps: 60,
      hidden: 8,
    })
    const deviation = (time: number) => {
      const at = method.pace.at(time)
      return Math.hypot(at.alpha * scale, at.beta * g)
    }
    const start = g * method.pace.at(method.pace.tMin).beta
    const end = (start * deviation(method.pace.tMax)) / deviation(method.pace.tMin)
    for (const [i, value] of logProb.entries()) {
      const square = samples[2 * i]! ** 2 + samples[2 * i + 1]! ** 2
      expect(value).toBeCloseTo(-square / (2 * end ** 2) - 2 * Math.log(end * Math.sqrt(2 * Math.PI)), 1)
    }
  })
})

describe('methods', () => {
  it('rfm-flow: its pace is geometric in the ratio of noise to data, along the same paths', () => {
    const { schedule, pace } = methods['rfm-flow']!(energies.dw4())
    const ratio = (t: number) => pace.at(t).beta / pace.at(t).alpha
    expect(ratio(0.25) / ratio(0.5)).toBeCloseTo(ratio(0.5) / ratio(0.75), 6)
    expect(ratio(pace.tMin)).toBeCloseTo(schedule.at(schedule.tMin).beta / schedule.at(schedule.tMin).alpha, 4)
    const h = 1e-5
    const { alphaDot, betaDot } = pace.at(0.4)
    expect((pace.at(0.4 + h).alpha - pace.at(0.4 - h).alpha) / (2 * h)).toBeCloseTo(alphaDot, 6)
    expect((pace.at(0.4 + h).beta - pace.at(0.4 - h).beta) / (2 * h)).toBeCloseTo(betaDot, 6)
  })

  it('scores are clipped particle by particle', () => {
    const energy = energies.dw4()
    const { basis } = energy.particles!
    const forces = tf.tensor2d([[30, 40, -30, -40, 0.3, 0, -0.3, 0]])
    const noise = tf.matMul(forces, basis, false, true) as tf.Tensor2D
    const clipped = tf.matMul(clippedMean(energy, methods.idem!(energy), noise, tf.tensor1d([0.5])), basis)
    close(clipped, tf.tensor2d([[6, 8, -6, -8, 0.3, 0, -0.3, 0]]), 3)
  })

  it('estimates without training cost no more than their allowance', () => {
    const energy = energies.mixture()
    for (const [name, make] of Object.entries(methods)) {
      const method = make(energy)
      const cost = method.estimator.cost(candidatesFor(method, 64))
      expect(cost, name).toBeLessThanOrEqual(128)
      expect(cost, name).toBeGreaterThan(100)
    }
  })
})
