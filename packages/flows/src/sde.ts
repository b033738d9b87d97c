import { lookUp } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'
import { checkSteps, kicksOf } from './sample.ts'
import type { Field } from './solvers/solver.ts'

/** A one-step method for dX = f dt + σ dW with σ a number. */
interface SdeSolver {
  readonly name: string
  /** Order of convergence of means (weak order) in the step size, for noise that does not depend on x. */
  readonly order: number
  step(drift: Field, x: tf.Tensor2D, t: number, h: number, kick: tf.Tensor): tf.Tensor2D
}

const eulerMaruyama: SdeSolver = {
  name: 'euler-maruyama',
  order: 1,
  step: (f, x, t, h, kick) => tf.add(x, tf.add(tf.mul(h, f(x, t)), kick)),
}

/** Drift averaged over the step's ends, the far one where Euler and Maruyama's step leads. */
const heun: SdeSolver = {
  name: 'heun',
  order: 2,
  step(f, x, t, h, kick) {
    const here = f(x, t)
    const there = f(tf.add(x, tf.add(tf.mul(h, here), kick)), t + h)
    return tf.add(x, tf.add(tf.mul(h / 2, tf.add(here, there)), kick))
  },
}

/** Solvers of stochastic equations by name. */
export const sdeSolvers = { 'euler-maruyama': eulerMaruyama, heun }
/** A name of {@link sdeSolvers}. */
export type SdeSolverName = keyof typeof sdeSolvers

/** Options of {@link sampleSde}. */
export interface SdeOptions {
  /** u(x, t): x [B, d], t [B] all equal. */
  velocity(x: tf.Tensor2D, t: tf.Tensor1D): tf.Tensor2D
  /** ∇ log p_t(x), [B, d] */
  score(x: tf.Tensor2D, t: tf.Tensor1D): tf.Tensor2D
  /** σ_t ≥ 0: any choice leaves the marginals as they are; 0 is the ODE. */
  sigma(t: number): number
  /** Where the process starts, [B, d]. */
  readonly x0: tf.Tensor2D
  /** Standard normals, [steps, B, d] */
  readonly noise: tf.Tensor3D
  /** Times of start and end; 0 and 1 unless given. */
  readonly from?: number
  readonly to?: number
  /** `euler-maruyama` unless given. */
  readonly solver?: SdeSolverName
}

/**
 * Integrates dX = (u + ½σ² ∇ log p_t) dt + σ dW in as many equal steps as there is noise; u − ½σ² ∇ log p_t where `to` is
 * before `from`. Returns X at `to`, [B, d].
 * @throws RevflowError (`unknown-name`) for a solver, RangeError without noise
 */
export function sampleSde({
  velocity,
  score,
  sigma,
  x0,
  noise,
  from = 0,
  to = 1,
  solver = 'euler-maruyama',
}: SdeOptions): tf.Tensor2D {
  const method = lookUp('solver', solver, sdeSolvers)
  const [steps] = noise.shape
  checkSteps('sampleSde.noise', steps)
  const h = (to - from) / steps
  return tf.tidy(() => {
    const drift = (x: tf.Tensor2D, t: number) => {
      const times = tf.fill([x.shape[0]], t) as tf.Tensor1D
      const s = sigma(t)
      const u = velocity(x, times)
      // backwards in time the same marginals want the score with the other sign: −h·½σ²∇ log p_t, whatever the sign of h
      return s === 0 ? u : (tf.add(u, tf.mul(0.5 * s * s * Math.sign(h), score(x, times))) as tf.Tensor2D)
    }
    const times = Array.from({ length: steps }, (_, i) => from + i * h)
    const kicks = kicksOf(
      noise,
      times.map((t) => sigma(t + h / 2) * Math.sqrt(Math.abs(h))),
    )
    return times.reduce((x, t, i) => method.step(drift, x, t, h, kicks[i]!), x0.clone())
  })
}
