import * as tf from '@tensorflow/tfjs'
import { type Energy, type Particles, rows } from './energy.ts'

/**
 * Orthonormal coordinates of n particles in D dimensions whose centre of mass is zero, by Helmert's matrix: row k has
 * the first k particles at 1/√(k(k+1)) and particle k + 1 at −k/√(k(k+1)). A standard Gaussian there is one on the
 * subspace, and nothing has to be projected.
 */
export function centredParticles(count: number, dimension: number): Particles {
  const helmert = Array.from({ length: count - 1 }, (_, row) => {
    const k = row + 1
    const unit = 1 / Math.sqrt(k * (k + 1))
    return Array.from({ length: count }, (__, i) => (i < k ? unit : i === k ? -k * unit : 0))
  })
  const basis = helmert.flatMap((row) =>
    Array.from({ length: dimension }, (_, axis) =>
      row.flatMap((value) => Array.from({ length: dimension }, (__, j) => (j === axis ? value : 0))),
    ),
  )
  return { count, dimension, basis: tf.tensor2d(basis) }
}

/** The pairs i < j of n particles. */
export const pairs = (count: number): [number, number][] =>
  Array.from({ length: count }, (_, i) => i).flatMap((i) =>
    Array.from({ length: count - i - 1 }, (_, k): [number, number] => [i, i + k + 1]),
  )

/** A pair's energy V(r) and slope V'(r), elementwise. */
export type PairPotential = (r: tf.Tensor) => { readonly value: tf.Tensor; readonly slope: tf.Tensor }

/**
 * −Σ_{i<j} V(|x_i − x_j|) − ½ k Σ_i |x_i − x̄|² and its gradient. All differences of positions are one matrix product
 * with the coordinates, and the gradient is one with its transpose.
 */
export function pairEnergy(
  particles: Particles,
  potential: PairPotential,
  spring = 0,
): Pick<Energy, 'dim' | 'particles' | 'logTargetAndGrad'> {
  const { count, dimension, basis } = particles
  const all = pairs(count)
  const incidence = Array.from({ length: count * dimension }, (_, row) =>
    all.flatMap(([i, j]) =>
      Array.from({ length: dimension }, (__, axis) =>
        row === i * dimension + axis ? 1 : row === j * dimension + axis ? -1 : 0,
      ),
    ),
  )
  const differences = tf.matMul(basis, tf.tensor2d(incidence)) // [d, P·D]
  return {
    dim: (count - 1) * dimension,
    particles,
    logTargetAndGrad(x) {
      const points = rows(x)
      const difference = tf.reshape(tf.matMul(points, differences), [-1, all.length, dimension])
      // particles that coincide have no direction to part in: their force is then zero
      const r = tf.sqrt(tf.maximum(tf.sum(tf.square(difference), 2), 1e-12))
      const { value, slope } = potential(r)
      const forces = tf.mul(tf.expandDims(tf.div(slope, r), 2), difference)
      const pull = tf.matMul(tf.reshape(forces, [-1, all.length * dimension]) as tf.Tensor2D, differences, false, true)
      const stretch = tf.mul(0.5 * spring, tf.sum(tf.square(points), 1))
      const energy = tf.add(tf.sum(value, 1), stretch)
      const gradient = tf.add(pull, tf.mul(spring, points))
      return {
        value: tf.reshape(tf.neg(energy), x.shape.slice(0, 2)),
        grad: tf.reshape(tf.neg(gradient), x.shape),
      }
    },
  }
}
