import { createRng } from '@revflow/core'
import { gaussian, gaussianMixture, laplace, type Source } from '@revflow/schedules'
import { divergence, matrixSteinOperator, steinOperator } from '@revflow/stein'
import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let tensors = 0
beforeEach(async () => {
  await tf.setBackend('cpu')
  tensors = tf.memory().numTensors
})
afterEach(() => expect(tf.memory().numTensors).toBe(tensors))

/** A field with no symmetry, of three coordinates. */
const field = (z: tf.Tensor) =>
  tf.add(
    tf.sin(
      tf.matMul(
        z as tf.Tensor2D,
        tf.tensor2d([
          [0.4, -1, 0.3],
          [0.9, 0.2, -0.5],
          [-0.3, 0.8, 0.6],
        ]),
      ),
    ),
    tf.mul(0.3, z),
  )

describe('divergence', () => {
  const point = () => tf.tensor2d([[0.3, -0.8, 1.1]])

  it('is the sum of partial derivatives (finite differences)', () => {
    tf.tidy(() => {
      const exact = divergence(field, point()).dataSync()[0]!
      const h = 1e-2
      let numeric = 0
      for (let j = 0; j < 3; j++) {
        const bump = tf.oneHot(tf.tensor1d([j], 'int32'), 3).mul(h)
        numeric += tf.sub(field(tf.add(point(), bump)), field(tf.sub(point(), bump))).dataSync()[j]! / (2 * h)
      }
      expect(exact).toBeCloseTo(numeric, 3)
    })
  })

  it("is the mean of Hutchinson's estimates over all signs", () => {
    tf.tidy(() => {
      const exact = divergence(field, point()).dataSync()[0]!
      const probes = Array.from({ length: 8 }, (_, i) => [i & 1 ? 1 : -1, i & 2 ? 1 : -1, i & 4 ? 1 : -1])
      const estimates = probes.map((probe) => divergence(field, point(), tf.tensor2d([probe])).dataSync()[0]!)
      expect(estimates.reduce((a, b) => a + b) / 8).toBeCloseTo(exact, 5)
      expect(Math.max(...estimates) - Math.min(...estimates)).toBeGreaterThan(0.1)
    })
  })
})

describe('a field that does not depend on the point', () => {
  it('has no divergence, and the score for its control variate (17)', () => {
    tf.tidy(() => {
      const z = tf.tensor2d([[0.3, -0.8]])
      const still = () => tf.tensor2d([[1, 2]])
      expect(divergence(still, z).dataSync()[0]).toBe(0)
      expect(divergence(still, z, tf.ones([1, 2])).dataSync()[0]).toBe(0)
      const identity = () => tf.expandDims(tf.eye(2), 0)
      const control = matrixSteinOperator(identity, (y) => tf.neg(y))(z)
      expect([...control.dataSync()]).toEqual([...tf.neg(z).dataSync()])
    })
  })
})

const laws: Source[] = [
  gaussian({ dim: 3, mean: 0.5, scale: 0.8 }),
  gaussianMixture([
    { weight: 1, mean: [-1, 0, 1], scale: 0.5 },
    { weight: 2, mean: [1, 1, 0], scale: 0.9 },
  ]),
  laplace({ dim: 3 }),
]

describe.each(laws.map((law) => [law.name, law] as const))('Stein operators under %s', (_, law) => {
  const n = 20_000
  /** Mean over draws of the law, and its standard error, of each column. */
  const moments = (values: tf.Tensor) => {
    const { mean, variance } = tf.moments(tf.reshape(values, [n, -1]), 0)
    const errors = tf.sqrt(tf.div(variance, n)).dataSync()
    return Array.from(mean.dataSync(), (m, j) => ({ m, error: errors[j]! }))
  }

  it('have mean zero', () => {
    tf.tidy(() => {
      const z = tf.tensor2d(law.draw(createRng(3), n), [n, 3])
      const score = (x: tf.Tensor) => law.score!(x)
      const matrix = (x: tf.Tensor) => tf.mul(tf.expandDims(field(x), 1), tf.expandDims(tf.cos(x), 2))
      const all = [
        moments(steinOperator(field, score)(z)),
        moments(steinOperator(field, score)(z, tf.sign(tf.randomNormal([n, 3], 0, 1, 'float32', 5)))),
        moments(matrixSteinOperator(matrix, score)(z)),
      ].flat()
      expect(all).toHaveLength(5)
      for (const { m, error } of all) {
        expect(Math.abs(m)).toBeLessThan(4 * error)
        expect(error).toBeGreaterThan(0)
      }
    })
  })

  it('on a diagonal matrix are the diagonal operator, coordinate by coordinate (16)', () => {
    tf.tidy(() => {
      const z = tf.tensor2d(law.draw(createRng(4), 5), [5, 3])
      const score = (x: tf.Tensor) => law.score!(x)
      const diagonal = (x: tf.Tensor) => tf.mul(tf.expandDims(tf.square(x), 1), tf.eye(3))
      const found = matrixSteinOperator(diagonal, score)(z)
      const expected = tf.add(tf.mul(tf.square(z), score(z)), tf.mul(2, z))
      expect(tf.max(tf.abs(tf.sub(found, expected))).dataSync()[0]).toBeLessThan(1e-4)
    })
  })
})
