import { hostNoise } from '@revflow/benchmark-shared'
import { createRng, type Rng, type Tree } from '@revflow/core'
import { HostTensor, type Jitted, jit } from '@revflow/jit'
import { gaussian, linearFlow } from '@revflow/schedules'
import { type Estimator, estimatePosteriorMean, type PosteriorMean } from '@revflow/stein'
import * as tf from '@tensorflow/tfjs'
import { reference } from './contestants.ts'
import type { Energy, EnergyParams } from './energies.ts'

/** A posterior to be estimated: one energy, one x at one time of the linear flow. */
export interface Question {
  readonly energy: Energy
  readonly params: EnergyParams
  /** [d] */
  readonly x: Float32Array
  readonly t: number
  /** The target is zero outside of [−1, 1]^d. */
  readonly bounded: boolean
}

export interface Measurement {
  /** Mean square error of E[X0|x] over repetitions and coordinates. */
  readonly squaredError: number
  /** Mean effective sample size. */
  readonly ess: number
}

const schedule = linearFlow()

/** x = t·u + (1 − t)·z, u uniform on the box, z standard normal: where a linear flow is trained. */
export const pointsAt = (rng: Rng, t: number, dim: number): Float32Array =>
  Float32Array.from({ length: dim }, () => t * (2 * rng.uniform() - 1) + (1 - t) * rng.normal())

/** What an estimate depends on. */
export interface Inputs {
  readonly params: Tree<tf.Tensor>
  readonly noise: Readonly<Record<string, tf.Tensor>>
  readonly x: tf.Tensor2D
  readonly t: tf.Tensor1D
}
type Estimate = Jitted<[Inputs], { noise: tf.Tensor2D; ess: tf.Tensor1D }>

/** The estimate of posterior means at x and t under one energy. */
export function estimate(
  energy: Energy,
  estimator: Estimator,
  bounded: boolean,
  { params, noise, x, t }: Inputs,
): PosteriorMean {
  const logTarget = (x1: tf.Tensor) => energy.logTarget(params, x1 as tf.Tensor3D)
  return estimatePosteriorMean(
    {
      schedule,
      source: gaussian({ dim: x.shape[1] }),
      x,
      t,
      logTarget,
      logTargetAndGrad: (x1) => tf.valueAndGrad(logTarget)(x1),
      ...(bounded && { support: { low: -1, high: 1 } }),
    },
    { estimator, noise },
  )
}

/** One thread: a study shares its machine, and its graphs are small. */
const compile = (energy: Energy, estimator: Estimator, bounded: boolean): Estimate =>
  jit(
    (inputs: Inputs) => {
      const { noise, diagnostics } = estimate(energy, estimator, bounded, inputs)
      return { noise, ess: diagnostics.ess }
    },
    { threads: 1 },
  )

const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length

/** Compiled estimators of one energy and kind of target; `dispose` frees them. */
export function laboratory(energy: Energy, bounded: boolean) {
  const compiled = new Map<Estimator, Estimate>()
  const truth = reference(bounded)
  const estimateOf = (estimator: Estimator) => {
    const known = compiled.get(estimator) ?? compile(energy, estimator, bounded)
    compiled.set(estimator, known)
    return known
  }

  async function repeat(
    { params, x, t }: Question,
    estimator: Estimator,
    { candidates, repetitions, seed }: { candidates: number; repetitions: number; seed: number },
  ) {
    const [dim, rng] = [x.length, createRng(seed, estimator.name)]
    const specs = estimator.noise({ batch: repetitions, candidates, dim })
    const rows = Float32Array.from({ length: repetitions * dim }, (_, i) => x[i % dim]!)
    return estimateOf(estimator)({
      params,
      noise: hostNoise(rng, specs),
      x: HostTensor.from(rows, [repetitions, dim]),
      t: HostTensor.from(new Float32Array(repetitions).fill(t)),
    })
  }

  return {
    /** E[X0|x], [d], from a long run of 2^18 candidates. */
    async answer(question: Question): Promise<Float64Array> {
      const dim = question.x.length
      const { noise } = await repeat(question, truth, { candidates: 16_384, repetitions: 16, seed: 1 })
      const mean = new Float64Array(dim)
      for (const [i, value] of noise.data.entries()) mean[i % dim]! += value / 16
      return mean
    },
    async measure(
      question: Question,
      answer: Float64Array,
      estimator: Estimator,
      size: { candidates: number; repetitions: number; seed: number },
    ): Promise<Measurement> {
      const { noise, ess } = await repeat(question, estimator, size)
      const errors = Array.from(noise.data, (v, i) => (v - answer[i % answer.length]!) ** 2)
      return { squaredError: average(errors), ess: average(Array.from(ess.data)) }
    },
    dispose: () => Promise.all([...compiled.values()].map((estimate) => estimate.dispose())),
  }
}
