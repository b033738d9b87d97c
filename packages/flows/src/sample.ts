import { checkTensorflow, lookUp } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'
import { type SolverName, solvers } from './solvers/solver.ts'

/** Options of {@link sampleOde}. */
export interface OdeOptions {
  /** Velocity u(x, t): x [B, d], t [B] all equal. */
  velocity(x: tf.Tensor2D, t: tf.Tensor1D): tf.Tensor2D
  /** Where the flow starts, [B, d]. */
  readonly x0: tf.Tensor2D
  /** Equal steps between `from` and `to`. */
  readonly steps: number
  /** Times of start and end; 0 and 1 unless given. */
  readonly from?: number
  readonly to?: number
  /** `euler` unless given. */
  readonly solver?: SolverName
}

/**
 * Integrates dx/dt = u(x, t) from noise to data in a fixed number of steps, an unrolled loop, so that it can be
 * compiled. Returns x at `to`, [B, d].
 * @throws RevflowError (`unknown-name`) for a solver, (`two-tensorflows`); RangeError unless steps is a positive integer
 */
export function sampleOde({ velocity, x0, steps, from = 0, to = 1, solver = 'euler' }: OdeOptions): tf.Tensor2D {
  checkTensorflow(tf)
  const method = lookUp('solver', solver, solvers)
  checkSteps('sampleOde.steps', steps)
  const h = (to - from) / steps
  const field = (x: tf.Tensor2D, t: number) => velocity(x, tf.fill([x.shape[0]], t) as tf.Tensor1D)
  return tf.tidy(() => {
    let x = x0.clone()
    for (let i = 0; i < steps; i++) x = method.step(field, x, from + i * h, h)
    return x
  })
}

/** @throws RangeError unless `steps` is a positive integer, or the one expected */
export function checkSteps(name: string, steps: number, expected?: number): void {
  if (expected === undefined ? Number.isInteger(steps) && steps > 0 : steps === expected) return
  throw new RangeError(`${name}: expected ${expected ?? 'a positive integer'}, received ${steps}`)
}

/** Noise [N, B, d] taken apart into N steps, each times a factor of its own: N tensors [B, d]. */
export function kicksOf(noise: tf.Tensor3D, factors: readonly number[]): tf.Tensor2D[] {
  const [steps, batch, dim] = noise.shape
  if (steps === 0) return []
  const scaled = tf.mul(noise, tf.tensor3d([...factors], [steps, 1, 1]))
  // as rows of one matrix: splitting leaves no axis of length 1 to be dropped at each step
  return tf.split(tf.reshape(scaled, [steps * batch, dim]), steps) as tf.Tensor2D[]
}
