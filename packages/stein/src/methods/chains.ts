import * as tf from '@tensorflow/tfjs-core'
import type { ControlVariate } from '../control/control-variate.ts'
import { coefficientsAt, evaluateTarget } from '../posterior.ts'
import { drawPrior } from '../proposals/prior.ts'
import { toNoise } from '../proposals/proposal.ts'
import { systematicResample } from '../proposals/resample.ts'
import { priorLaw } from '../proposals/truncated-law.ts'
import { hamiltonianStep, langevinStep, type Particles, takeParticles } from './langevin.ts'
import type { Method } from './method.ts'
import { weightedMean } from './weighted-mean.ts'

/** Options of {@link chains}; `kept`, `starts` and `burnIn` are 4 unless given. */
export interface ChainOptions {
  /** States kept of each chain; K candidates are K/kept chains side by side, fewer states each where that were but one. */
  readonly kept?: number
  /** Draws from the prior for each chain, of which the chains' starts are resampled by weight: so modes get their shares. */
  readonly starts?: number
  /** Steps that are thrown away, and that fit the step size to the rate of acceptance. */
  readonly burnIn?: number
  /** Leapfrog steps of Hamiltonian Monte Carlo; none: Metropolis-adjusted Langevin steps. */
  readonly leaps?: number
  /** None: the mean alone. */
  readonly control?: ControlVariate
}

/** Rates of acceptance that the step size is fitted to (optimal scaling: .574 for MALA, .651 for HMC). */
const RATE = { langevin: 0.574, hamiltonian: 0.651 }

/**
 * Markov chains whose law is the posterior (Remark 4): every kept state is a candidate of equal weight. The standard
 * error is that of the chains' means (batch means), and the effective sample size the number of independent candidates
 * with that error, both with the control variate.
 */
export function chains({ kept = 4, starts = 4, burnIn = 4, leaps, control }: ChainOptions = {}): Method {
  /** Chains, two at least where there are candidates for two, as errors need them, and moves each of them makes. */
  const layout = (candidates: number) => {
    const states = Math.max(1, Math.min(kept, Math.floor(candidates / 2)))
    return { count: Math.floor(candidates / states), moves: burnIn + states - 1 }
  }
  return {
    needsGradient: true,
    cost(candidates) {
      const { count, moves } = layout(candidates)
      return 2 * count * (starts + moves * (leaps ?? 1))
    },
    noise({ batch, candidates, dim }) {
      const { count, moves } = layout(candidates)
      return {
        candidates: { shape: [batch, starts * count, dim], law: 'uniform' },
        resample: { shape: [batch, 1], law: 'uniform' },
        move: { shape: [moves, batch, count, dim], law: 'normal' },
        accept: { shape: [moves, batch, count], law: 'uniform' },
      }
    },
    estimate(problem, noise) {
      const at = coefficientsAt(problem)
      const [moves, , count] = noise.move!.shape as [number, number, number]
      const first = drawPrior(problem, noise.candidates!, at).x1
      const drawn = { x1: first, ...evaluateTarget(problem, first, true) } as Particles
      let particles = takeParticles(drawn, systematicResample(tf.softmax(drawn.value), noise.resample!, count))
      const target = { problem, at, lambda: tf.onesLike(tf.slice(problem.x, [0, 0], [-1, 1])) }
      let logStep: tf.Tensor = tf.log(tf.mul(0.5, spread(problem, drawn, at)))
      const states: Particles[] = burnIn === 0 ? [particles] : []
      for (let i = 0; i < moves; i++) {
        const own = (name: string) => tf.squeeze(tf.slice(noise[name]!, [i], [1]), [0])
        const move = { step: tf.exp(logStep), normal: own('move'), uniform: own('accept') }
        const moved = leaps ? hamiltonianStep(target, particles, move, leaps) : langevinStep(target, particles, move)
        particles = moved.particles
        if (i >= burnIn - 1) states.push(particles)
        if (i >= burnIn) continue
        const rate = tf.mean(tf.cast(moved.accepted, 'float32'), 1, true)
        logStep = tf.add(logStep, tf.expandDims(tf.sub(rate, leaps ? RATE.hamiltonian : RATE.langevin), 2))
      }
      const all = (key: keyof Particles) =>
        tf.concat(
          states.map((state) => state[key]!),
          1,
        )
      const [x1, value, grad] = [all('x1') as tf.Tensor3D, all('value'), all('grad')]
      const x0 = toNoise(problem.x, x1, at)
      return weightedMean(problem, { x0, x1, value, grad, logWeights: tf.zerosLike(value), chains: count }, control, at)
    },
  }
}

/** Standard deviation of each coordinate under the weighted draws, at least a hundredth of the prior's, [B, 1, d]. */
function spread(
  problem: Parameters<Method['estimate']>[0],
  { x1, value }: Particles,
  at: ReturnType<typeof coefficientsAt>,
) {
  const weights = tf.expandDims(tf.softmax(value), 2)
  const centred = tf.sub(x1, tf.sum(tf.mul(weights, x1), 1, true))
  const deviation = tf.sqrt(tf.sum(tf.mul(weights, tf.square(centred)), 1, true))
  return tf.maximum(deviation, tf.mul(0.01, priorLaw(problem, at).sigma))
}
