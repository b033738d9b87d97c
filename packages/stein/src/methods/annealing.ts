import * as tf from '@tensorflow/tfjs-core'
import type { ControlVariate } from '../control/control-variate.ts'
import { coefficientsAt, evaluateTarget } from '../posterior.ts'
import type { PosteriorProblem } from '../problem.ts'
import { drawPrior } from '../proposals/prior.ts'
import { type Coefficients3D, toNoise } from '../proposals/proposal.ts'
import { systematicResample } from '../proposals/resample.ts'
import { langevinStep, type Particles, takeParticles } from './langevin.ts'
import type { Method } from './method.ts'
import { weightedMean } from './weighted-mean.ts'

/** Options of {@link annealing}. */
export interface AnnealingOptions {
  /** Temperatures between the prior and the posterior, the last being the posterior. */
  readonly stages?: number
  /** Least share of effective samples that a stage may leave. */
  readonly keep?: number
  /** None: the weighted mean alone. */
  readonly control?: ControlVariate
}

/** Halvings that find a stage's temperature; they cost no evaluation of the target. */
const BISECTIONS = 12

/**
 * Sequential Monte Carlo (Remark 4): candidates from the prior pass through p0(x0) p1(x1)^λ, λ rising to 1 in steps that
 * leave an effective sample of `keep`·K each; at each step they are resampled and moved by one Metropolis-adjusted
 * Langevin step. With one stage it is importance sampling from the prior.
 */
export function annealing({ stages = 4, keep = 0.5, control }: AnnealingOptions = {}): Method {
  return {
    needsGradient: true,
    cost: (candidates) => 2 * candidates * stages,
    noise: ({ batch, candidates, dim }) => ({
      candidates: { shape: [batch, candidates, dim], law: 'uniform' },
      ...(stages > 1 && {
        resample: { shape: [stages - 1, batch, 1], law: 'uniform' },
        move: { shape: [stages - 1, batch, candidates, dim], law: 'normal' },
        accept: { shape: [stages - 1, batch, candidates], law: 'uniform' },
      }),
    }),
    estimate(problem, noise) {
      const at = coefficientsAt(problem)
      const { x1 } = drawPrior(problem, noise.candidates!, at)
      let particles = { x1, ...evaluateTarget(problem, x1, true) } as Particles
      let lambda = tf.zerosLike(tf.slice(particles.value, [0, 0], [-1, 1]))
      for (let i = 0; i < stages - 1; i++) {
        const stageNoise = (name: string) => tf.squeeze(tf.slice(noise[name]!, [i], [1]), [0])
        const next = nextTemperature(particles.value, lambda, keep)
        const weights = tf.softmax(tf.mul(tf.sub(next, lambda), particles.value))
        particles = takeParticles(particles, systematicResample(weights, stageNoise('resample'), x1.shape[1]))
        particles = move(problem, particles, next, stageNoise('move'), stageNoise('accept'), at)
        lambda = next
      }
      const logWeights = tf.mul(tf.sub(1, lambda), particles.value)
      return weightedMean(problem, { ...particles, x0: toNoise(problem.x, particles.x1, at), logWeights }, control, at)
    },
  }
}

/** The greatest λ ≤ 1 whose weights p1^(λ − current) leave an effective sample of keep·K, [B, 1]. */
function nextTemperature(value: tf.Tensor, current: tf.Tensor, keep: number): tf.Tensor {
  const enough = (lambda: tf.Tensor) => {
    const w = tf.softmax(tf.mul(tf.sub(lambda, current), value))
    return tf.greaterEqual(tf.reciprocal(tf.sum(tf.square(w), 1, true)), keep * value.shape[1]!)
  }
  const one = tf.onesLike(current)
  let [low, high] = [current, one]
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = tf.mul(0.5, tf.add(low, high))
    const good = enough(middle)
    low = tf.where(good, middle, low)
    high = tf.where(good, high, middle)
  }
  return tf.where(enough(one), one, low)
}

/** One Langevin step at inverse temperature λ, its size from the particles' own spread. */
function move(
  problem: PosteriorProblem,
  particles: Particles,
  lambda: tf.Tensor,
  normal: tf.Tensor,
  uniform: tf.Tensor,
  at: Coefficients3D,
): Particles {
  const spread = tf.sqrt(tf.mean(tf.square(tf.sub(particles.x1, tf.mean(particles.x1, 1, true))), 1, true))
  const step = tf.add(tf.mul(0.8 * particles.x1.shape[2] ** (-1 / 6), spread), 1e-6) // [B, 1, d]
  const target = { problem, at, lambda }
  return langevinStep(target, particles, { step, normal, uniform }).particles
}
