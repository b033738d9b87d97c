import { createRng, type Tree } from '@revflow/core'
import { sampleWithLogDensity } from '@revflow/flows'
import { HostTensor, jit } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import type { Energy } from './energies/energy.ts'
import { mixtureMeans } from './energies/mixture.ts'
import type { Method } from './methods.ts'
import { interatomicDistances, positions } from './metrics/particles.ts'
import { euclidean, upToSymmetry, wasserstein2, wasserstein2OfNumbers } from './metrics/wasserstein.ts'
import { fromWeights } from './metrics/weights.ts'
import { createModel } from './model.ts'
import type { Params } from './networks/network.ts'

export interface FlowSamples {
  /** [n, d] */
  readonly x: Float32Array
  /** log density along the flow, [n] */
  readonly logProb: Float32Array
}

/**
 * Follows the probability flow of a trained network, with its exact log density, from N(0, σ²) at the first noise level.
 * One step is compiled, in a time of its own from 0 to 1, and serves for all of them.
 */
export async function sampleFlow(
  energy: Energy,
  { pace, source }: Method,
  params: Tree<HostTensor>,
  options: { readonly seed: number; readonly samples: number; readonly steps: number; readonly hidden: number },
): Promise<FlowSamples> {
  const { seed, samples, steps, hidden } = options
  const { dim } = energy
  const model = createModel(energy, { schedule: pace, source }, hidden)
  const h = (pace.tMax - pace.tMin) / steps
  const step = jit(
    (weights: Params, x: tf.Tensor2D, logProb: tf.Tensor1D, t: tf.Tensor1D) => ({
      ...sampleWithLogDensity({
        velocity: (y, u) =>
          tf.mul(h, model.velocity(weights, y, tf.add(t, tf.mul(h, u)) as tf.Tensor1D)) as tf.Tensor2D,
        x0: x,
        logProb: () => logProb,
        steps: 1,
        solver: 'heun',
      }),
    }),
    { threads: 1 },
  )
  const scale = source.scale * pace.at(pace.tMin).beta
  const start = createRng(seed, 'flow').fillNormal(new Float32Array(samples * dim), scale)
  let state = {
    x: HostTensor.from(start, [samples, dim]) as HostTensor,
    logProb: HostTensor.from(gaussianLogProb(start, dim, scale)) as HostTensor,
  }
  for (let i = 0; i < steps; i++) {
    const t = HostTensor.from(new Float32Array(samples).fill(pace.tMin + i * h))
    state = await step(params as never, state.x, state.logProb, t)
  }
  await step.dispose()
  return { x: state.x.data as Float32Array, logProb: state.logProb.data as Float32Array }
}

function gaussianLogProb(x: Float32Array, dim: number, scale: number): Float32Array {
  const normaliser = dim * Math.log(scale * Math.sqrt(2 * Math.PI))
  return Float32Array.from({ length: x.length / dim }, (_, i) => {
    let square = 0
    for (let j = 0; j < dim; j++) square += x[i * dim + j]! ** 2
    return -0.5 * (square / scale ** 2) - normaliser
  })
}

/** −E at rows [n, d], [n]. */
export async function evaluateEnergy(energy: Energy, x: Float32Array): Promise<Float32Array> {
  const compiled = jit((y: tf.Tensor3D) => ({ value: energy.logTargetAndGrad(y).value }), { threads: 1 })
  const { value } = await compiled(HostTensor.from(x, [1, x.length / energy.dim, energy.dim]))
  await compiled.dispose()
  return value.data as Float32Array
}

/** How far samples are from the reference. Lower is better for all but ESS and modes. */
export interface Metrics {
  /** Share of effective samples of importance weights, in (0, 1]; it does not see modes that are missing. */
  readonly ess?: number
  /** Estimate of log Z by those weights, less the reference's. */
  readonly logZError?: number
  /** 2-Wasserstein distance to as many reference samples; of particles up to symmetry; none where that is too dear. */
  readonly w2?: number
  /** 2-Wasserstein distances of energies, and of all interatomic distances. */
  readonly energyW2?: number
  readonly distanceW2?: number
  /** Modes of the mixture, of 40, with a sample within four deviations. */
  readonly modes?: number
  /** Share of samples that overflowed, where any did. */
  readonly lost?: number
}

/** Rows for distances by assignment. */
const ASSIGNED = 1000

export interface Reference {
  readonly samples: Float32Array
  readonly logZ: number
}

/**
 * Compares samples, with their log densities where those are known, with reference samples. Samples that overflowed are
 * counted and left out.
 */
export async function measure(
  energy: Energy,
  samples: { readonly x: Float32Array; readonly logProb?: Float32Array },
  reference: Reference,
): Promise<Metrics> {
  const { particles, dim } = energy
  const all = await evaluateEnergy(energy, samples.x)
  const good = [...all.keys()].filter((i) => Number.isFinite(all[i]!) && Number.isFinite(samples.logProb?.[i] ?? 0))
  const lost = 1 - good.length / all.length
  if (good.length === 0) return { lost }
  const x = Float32Array.from(good.flatMap((i) => [...samples.x.subarray(i * dim, (i + 1) * dim)]))
  const values = Float32Array.from(good, (i) => all[i]!)
  const { logProb } = samples
  const weights = logProb && fromWeights(Float64Array.from(good, (i) => all[i]! - logProb[i]!))
  const distances = (y: Float32Array) => interatomicDistances(particles!, positions(particles!, y))
  return {
    ...(lost > 0 && { lost }),
    ...(weights && { ess: weights.ess, logZError: weights.logZ - reference.logZ }),
    ...assignmentDistance(energy, x, reference.samples),
    energyW2: wasserstein2OfNumbers(values, await evaluateEnergy(energy, reference.samples)),
    ...(particles && { distanceW2: wasserstein2OfNumbers(distances(x), distances(reference.samples)) }),
    ...(dim === 2 && { modes: modesFound(x) }),
  }
}

function assignmentDistance(energy: Energy, a: Float32Array, b: Float32Array): { w2?: number } {
  const { particles, dim } = energy
  const n = Math.min(ASSIGNED, a.length / dim, b.length / dim)
  if (!particles) return { w2: wasserstein2(n, euclidean(a, b, dim)) }
  if (particles.count > 5 || particles.dimension !== 2) return {}
  return { w2: wasserstein2(n, upToSymmetry(positions(particles, a), positions(particles, b), particles.count)) }
}

const MODE_RADIUS = 4 * (Math.log1p(Math.E) / 50)

function modesFound(x: Float32Array): number {
  return mixtureMeans.filter(([mx, my]) => {
    for (let i = 0; i < x.length; i += 2) if (Math.hypot(x[i]! - mx!, x[i + 1]! - my!) < MODE_RADIUS) return true
    return false
  }).length
}
