import * as tf from '@tensorflow/tfjs-core'
import { evaluateTarget } from '../posterior.ts'
import { climb, mixWithPrior, unit } from './mixture.ts'
import { drawPrior } from './prior.ts'
import { type Candidates, type Evaluation, type Proposal, toNoise } from './proposal.ts'
import { systematicResample, takeRows } from './resample.ts'
import { priorLaw } from './truncated-law.ts'

/** Points where the target and its gradient are known. */
interface Known extends Evaluation {
  readonly x1: tf.Tensor3D
  readonly grad: tf.Tensor
}

/** log p̂1 at points [B, M, d]: [B, M] */
type Surrogate = (x1: tf.Tensor3D) => tf.Tensor

/** Mean square distance over the coordinates, in units of the width, at which a known point loses e^(−SHARPNESS) of its say. */
const SHARPNESS = 3
/** How far an expansion holds, in half-widths of the support; no farther than the prior reaches. */
const REACH = 0.6
/** Known points a surrogate rests on: the last ones, which are the best placed. */
const MOST_NODES = 64

/**
 * A model of log p1 that costs no evaluation: at each known point its first-order Taylor expansion, averaged with
 * weights that fall with the distance (D. Shepard's method with gradients). Exact for a linear log p1.
 * @param width the distance over which an expansion holds, [B, 1, 1]
 */
function surrogateOf({ x1, value, grad }: Known, width: tf.Tensor): Surrogate {
  const [, n, d] = x1.shape
  const nodes = Math.min(n, MOST_NODES)
  const last = <T extends tf.Tensor>(x: T): T => tf.slice(x, [0, n - nodes], [-1, nodes]) as tf.Tensor as T
  const [x, g] = [last(x1), last(grad)]
  const scale = tf.div(-SHARPNESS / d, tf.square(width))
  const row = (v: tf.Tensor) => tf.expandDims(v, 1)
  const [square, base] = [row(tf.sum(tf.square(x), 2)), row(tf.sub(last(value), tf.sum(tf.mul(g, x), 2)))]
  return (z) => {
    const distance = tf.sub(square, tf.mul(2, tf.matMul(z, x, false, true))) // less |z|², which no weight depends on
    const say = tf.softmax(tf.mul(scale, distance))
    return tf.sum(tf.mul(say, tf.add(base, tf.matMul(z, g as tf.Tensor3D, false, true))), 2)
  }
}

/** Options of {@link surrogateProposal}. */
export interface SurrogateOptions {
  /** S, how many equal parts the candidates come in; the first is drawn from the prior. */
  readonly stages?: number
  /** Points of the pool, at least; four for each candidate where that is more. They cost no evaluation of the target. */
  readonly pool?: number
  /** Candidates that half of the pool is drawn around, and σ there, in half-widths of the support. */
  readonly centres?: number
  readonly sigma?: number
}

/** The most equal parts of K candidates, S of them or, where K < S, one: the first is the largest. */
const partsOf = (candidates: number, stages: number) => {
  const part = Math.floor(candidates / stages)
  const later = part === 0 ? 0 : stages - 1
  return { first: candidates - later * part, part, later }
}

/**
 * Candidates in stages, each drawn from what the ones before say of the posterior: a surrogate of log p1 made of their
 * values and gradients weighs a pool (half from the prior, half around the better candidates), and the next stage is
 * resampled from it. All are weighted by the mixture of the prior and the surrogate posteriors, whose normalisers the
 * pool estimates; where a surrogate misleads, the prior's part remains. Beyond the paper. Its arithmetic is of order
 * pool·K² for each problem: for targets dearer than that, such as critics.
 */
export function surrogateProposal({
  stages = 4,
  pool = 512,
  centres = 8,
  sigma = 0.3,
}: SurrogateOptions = {}): Proposal {
  return {
    name: 'surrogate',
    noise({ batch, candidates, dim }) {
      const { first, part, later } = partsOf(candidates, stages)
      const half = Math.max(Math.ceil(pool / 2), 2 * candidates)
      return {
        candidates: { shape: [batch, first, dim], law: 'sobol' },
        ...(later > 0 && {
          pool: { shape: [batch, half, dim], law: 'sobol' },
          around: { shape: [batch, half, dim], law: 'sobol' },
          climb: { shape: [later, batch, 1], law: 'uniform' },
          resample: { shape: [later, batch, part], law: 'uniform' },
        }),
      }
    },
    draw(problem, noise, at): Candidates {
      const { x1 } = drawPrior(problem, noise.candidates!, at)
      let known = { x1, ...evaluateTarget(problem, x1, true) } as Known
      const [later = 0, , part = 0] = noise.resample?.shape ?? []
      const pool = noise.pool && drawPrior(problem, noise.pool, at).x1
      const width = tf.minimum(REACH * unit(problem), priorLaw(problem, at).sigma)
      const laws: Law[] = [{ count: x1.shape[1], logDensity: ({ value }) => tf.zerosLike(value) }]
      for (let i = 0; i < later; i++) {
        const own = (name: string) => tf.squeeze(tf.slice(noise[name]!, [i], [1]), [0])
        const logWeights = tf.sub(known.value, logMixture(laws, known))
        const better = climb(problem, { ...known, logWeights }, own('climb'), { centres, sigma }, at)
        const mixed = mixWithPrior(problem, pool!, better, noise.around!, at)
        const surrogate = surrogateOf(known, width)
        const logPool = tf.add(surrogate(mixed.x1), mixed.logCorrection)
        const chosen = systematicResample(tf.softmax(logPool), own('resample'), part)
        const next = takeRows(mixed.x1, chosen)
        const normaliser = tf.sub(tf.logSumExp(logPool, 1, true), Math.log(logPool.shape[1]!))
        laws.push({ count: part, logDensity: (points) => tf.sub(surrogate(points.x1), normaliser) })
        known = join(known, { x1: next, ...evaluateTarget(problem, next, true) } as Known)
      }
      return {
        x0: toNoise(problem.x, known.x1, at),
        x1: known.x1,
        logCorrection: tf.neg(logMixture(laws, known)),
        evaluation: known,
      }
    },
  }
}

/** What `count` of the candidates were drawn from: log density over the prior's, [B, K]. */
interface Law {
  readonly count: number
  logDensity(points: Known): tf.Tensor
}

/** log density over the prior's of the mixture of laws at points, [B, K]. */
function logMixture(laws: readonly Law[], points: Known): tf.Tensor {
  const total = laws.reduce((sum, { count }) => sum + count, 0)
  const parts = laws.map(({ count, logDensity }) => tf.add(logDensity(points), Math.log(count / total)))
  return tf.logSumExp(tf.stack(parts, 2), 2)
}

const join = (a: Known, b: Known): Known => ({
  x1: tf.concat([a.x1, b.x1], 1),
  value: tf.concat([a.value, b.value], 1),
  grad: tf.concat([a.grad, b.grad], 1),
})
