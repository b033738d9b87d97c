import * as tf from '@tensorflow/tfjs-core'

/** u(x, t): [B, d] at one time, a number. */
export type Field = (x: tf.Tensor2D, t: number) => tf.Tensor2D

/** A one-step method for dx/dt = u(x, t). */
export interface Solver {
  readonly name: string
  /** Order of convergence of the global error in the step size. */
  readonly order: number
  /** Evaluations of the field a step. */
  readonly evaluations: number
  step(field: Field, x: tf.Tensor2D, t: number, h: number): tf.Tensor2D
}

/** x + Σ c_i k_i */
const combine = (x: tf.Tensor2D, ...terms: readonly (readonly [c: number, k: tf.Tensor2D])[]): tf.Tensor2D =>
  terms.reduce<tf.Tensor2D>((sum, [c, k]) => tf.add(sum, tf.mul(c, k)), x)

const euler: Solver = {
  name: 'euler',
  order: 1,
  evaluations: 1,
  step: (u, x, t, h) => combine(x, [h, u(x, t)]),
}

const midpoint: Solver = {
  name: 'midpoint',
  order: 2,
  evaluations: 2,
  step: (u, x, t, h) => combine(x, [h, u(combine(x, [h / 2, u(x, t)]), t + h / 2)]),
}

const heun: Solver = {
  name: 'heun',
  order: 2,
  evaluations: 2,
  step(u, x, t, h) {
    const k1 = u(x, t)
    return combine(x, [h / 2, k1], [h / 2, u(combine(x, [h, k1]), t + h)])
  },
}

const rk4: Solver = {
  name: 'rk4',
  order: 4,
  evaluations: 4,
  step(u, x, t, h) {
    const k1 = u(x, t)
    const k2 = u(combine(x, [h / 2, k1]), t + h / 2)
    const k3 = u(combine(x, [h / 2, k2]), t + h / 2)
    const k4 = u(combine(x, [h, k3]), t + h)
    return combine(x, [h / 6, k1], [h / 3, k2], [h / 3, k3], [h / 6, k4])
  },
}

/** Solvers by name. */
export const solvers = { euler, midpoint, heun, rk4 }
/** A name of {@link solvers}. */
export type SolverName = keyof typeof solvers
