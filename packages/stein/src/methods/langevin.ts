import * as tf from '@tensorflow/tfjs-core'
import { evaluateTarget, posteriorScore } from '../posterior.ts'
import type { PosteriorProblem } from '../problem.ts'
import { type Coefficients3D, type Evaluation, toNoise } from '../proposals/proposal.ts'
import { takeRows } from '../proposals/resample.ts'
import { logTruncatedDensity, priorLaw } from '../proposals/truncated-law.ts'

/** Points in the data view, [B, K, d], with the target there. */
export interface Particles extends Evaluation {
  readonly x1: tf.Tensor3D
  readonly grad: tf.Tensor
}

/** p0(x0) p1(x1)^λ as a law of x1: the posterior at λ = 1, the prior at λ = 0. */
export interface TemperedPosterior {
  readonly problem: PosteriorProblem
  readonly at: Coefficients3D
  /** [B, 1] */
  readonly lambda: tf.Tensor
}

/** The particles at indices [B, M]. */
export const takeParticles = ({ x1, value, grad }: Particles, indices: tf.Tensor2D): Particles => ({
  x1: takeRows(x1, indices),
  value: takeRows(value, indices),
  grad: takeRows(grad, indices),
})

export interface Move {
  /** Step size ε, broadcast against [B, K, d] */
  readonly step: tf.Tensor
  /** [B, K, d] */
  readonly normal: tf.Tensor
  /** [B, K] */
  readonly uniform: tf.Tensor
}

export interface Moved {
  readonly particles: Particles
  /** bool [B, K] */
  readonly accepted: tf.Tensor
}

/** log density up to a constant, [B, K]. */
const logDensity = ({ problem, at, lambda }: TemperedPosterior, { x1, value }: Particles) =>
  tf.add(tf.mul(lambda, value), logTruncatedDensity(priorLaw(problem, at), x1))

/** Its gradient with respect to x1, [B, K, d]. */
const slope = ({ problem, at, lambda }: TemperedPosterior, { x1, grad }: Particles) =>
  posteriorScore(problem, { x0: toNoise(problem.x, x1, at), grad: tf.mul(tf.expandDims(lambda, 2), grad) }, at).data

/** The target at x1, evaluated at the nearest legal point where x1 is not legal. */
function propose({ problem }: TemperedPosterior, x1: tf.Tensor): { particles: Particles; inside: tf.Tensor } {
  const { support } = problem
  const legal = (support ? tf.clipByValue(x1, support.low, support.high) : x1) as tf.Tensor3D
  const particles = { x1: legal, ...evaluateTarget(problem, legal, true) } as Particles
  return { particles, inside: tf.all(tf.equal(legal, x1), -1) }
}

/** Metropolis and Hastings: particle by particle the proposed one with probability e^logRatio, never out of the support. */
function accept(
  here: Particles,
  there: Particles,
  { inside, logRatio, uniform }: { inside: tf.Tensor; logRatio: tf.Tensor; uniform: tf.Tensor },
): Moved {
  const accepted = tf.logicalAnd(inside, tf.less(tf.log(uniform), logRatio))
  const wide = tf.logicalAnd(tf.expandDims(accepted, 2), tf.equal(here.x1, here.x1))
  return {
    accepted,
    particles: {
      x1: tf.where(wide, there.x1, here.x1),
      value: tf.where(accepted, there.value, here.value),
      grad: tf.where(wide, there.grad, here.grad),
    },
  }
}

const halfSquare = (v: tf.Tensor) => tf.mul(-0.5, tf.sum(tf.square(v), -1))

/** MALA: x' = x + ½ε² ∇ log π + ε z. One evaluation with gradient. */
export function langevinStep(target: TemperedPosterior, here: Particles, { step, normal, uniform }: Move): Moved {
  const half = tf.mul(0.5, tf.square(step))
  const x1 = tf.add(here.x1, tf.add(tf.mul(half, slope(target, here)), tf.mul(step, normal)))
  const { particles: there, inside } = propose(target, x1)
  const back = tf.div(tf.sub(here.x1, tf.add(x1, tf.mul(half, slope(target, there)))), step)
  const logRatio = tf.add(
    tf.sub(logDensity(target, there), logDensity(target, here)),
    tf.sub(halfSquare(back), halfSquare(normal)),
  )
  return accept(here, there, { inside, logRatio, uniform })
}

/** Hamiltonian Monte Carlo: `leaps` leapfrog steps from the momentum z. That many evaluations with gradient. */
export function hamiltonianStep(
  target: TemperedPosterior,
  here: Particles,
  { step, normal, uniform }: Move,
  leaps: number,
): Moved {
  let [there, momentum] = [here, normal]
  let inside: tf.Tensor | undefined
  for (let i = 0; i < leaps; i++) {
    const half = tf.add(momentum, tf.mul(tf.mul(0.5, step), slope(target, there)))
    const next = propose(target, tf.add(there.x1, tf.mul(step, half)))
    there = next.particles
    momentum = tf.add(half, tf.mul(tf.mul(0.5, step), slope(target, there)))
    inside = inside ? tf.logicalAnd(inside, next.inside) : next.inside
  }
  const logRatio = tf.add(
    tf.sub(logDensity(target, there), logDensity(target, here)),
    tf.sub(halfSquare(momentum), halfSquare(normal)),
  )
  return accept(here, there, { inside: inside!, logRatio, uniform })
}
