import { createRng, drawNoise, mapTree, type NoiseSpecs, type Rng, type Tree } from '@revflow/core'
import { interpolate, reverseFlowMatchingLoss, type SdeOptions, sampleSde } from '@revflow/flows'
import { HostTensor, jit } from '@revflow/jit'
import { type AdamState, adam, cosineDecay, polyak, valueAndGrads } from '@revflow/nn'
import { convertPrediction } from '@revflow/schedules'
import { type Box, estimatePosteriorMean, estimatorNoise, type PosteriorProblem } from '@revflow/stein'
import * as tf from '@tensorflow/tfjs'
import { type Energy, logTarget } from './energies/energy.ts'
import type { Method } from './methods.ts'
import { createModel, type Model } from './model.ts'
import type { Params } from './networks/denoiser.ts'

export interface TrainOptions {
  readonly seed: number
  readonly updates: number
  /** B, and K of each estimate. */
  readonly batch: number
  readonly candidates: number
  readonly hidden: number
  readonly learningRate: number
  /** Updates between one filling of the buffer and the next, samples a filling, and the buffer's size. */
  readonly round: number
  readonly generated: number
  readonly buffer: number
  /** Steps of the reverse SDE that fills it. */
  readonly sdeSteps: number
}

export interface Trained {
  /** Polyak averages of the network's parameters. */
  readonly params: Tree<HostTensor>
  /** Evaluations of the energy with gradient, and seconds. */
  readonly evaluations: number
  readonly seconds: number
  /** Mean loss and effective sample size of the estimates over each tenth of the run. */
  readonly curve: readonly { readonly update: number; readonly loss: number; readonly ess: number }[]
}

type State = { params: Params; average: Params; adam: AdamState }
type TrainNoise = Readonly<Record<string, tf.Tensor>>

/** How slowly averages follow the parameters. */
const AVERAGE_RATE = 0.005

/** The energy as a problem for estimators. */
export const target = (energy: Energy, method: Method): Omit<PosteriorProblem, 'x' | 't'> => ({
  schedule: method.schedule,
  source: method.source,
  logTarget: (x1) => logTarget(energy, x1),
  logTargetAndGrad: (x1) => ({ ...energy.logTargetAndGrad(x1) }),
  ...(method.bounded && energy.support && { support: energy.support }),
})

/**
 * E[X0|x] whose score has at most the norm that the method clips to: in all, or of each particle's part. A score of norm
 * c is E[X0|x] of norm c β g².
 */
export function clippedMean(energy: Energy, method: Method, noise: tf.Tensor2D, beta: tf.Tensor1D): tf.Tensor2D {
  const { scoreClip, source } = method
  if (scoreClip === undefined) return noise
  const shortened = (parts: tf.Tensor) => {
    const norm = tf.norm(parts, 2, -1, true)
    const most = tf.reshape(tf.mul(scoreClip * source.scale ** 2, beta), [-1, ...Array(parts.rank - 1).fill(1)])
    return tf.mul(parts, tf.minimum(1, tf.div(most, tf.maximum(norm, 1e-12))))
  }
  if (!energy.particles) return shortened(noise) as tf.Tensor2D
  const { basis, count, dimension } = energy.particles
  const forces = shortened(tf.reshape(tf.matMul(noise, basis), [-1, count, dimension]))
  return tf.matMul(tf.reshape(forces, [-1, count * dimension]) as tf.Tensor2D, basis, false, true) as tf.Tensor2D
}

/** One update: x_t from noised samples of the buffer, the posterior mean there estimated from the energy, regression. */
function createUpdate(energy: Energy, method: Method, model: Model, options: TrainOptions) {
  const { schedule, source, estimator, loss } = method
  const { learningRate, updates } = options
  const optimizer = adam({
    learningRate: cosineDecay({ start: learningRate, end: 0.05 * learningRate, steps: updates }),
    clipNorm: 1,
  })
  const regressed = (noise: tf.Tensor2D, x: tf.Tensor2D, t: tf.Tensor1D) =>
    loss === 'noise'
      ? noise
      : convertPrediction({ schedule, source, from: 'noise', to: 'velocity', value: noise, x, t })
  return {
    optimizer,
    update(state: State, x1: tf.Tensor2D, { time, x0, ...noise }: TrainNoise) {
      const t = tf.add(schedule.tMin, tf.mul(schedule.tMax - schedule.tMin, time!)) as tf.Tensor1D
      const { x } = interpolate(schedule, tf.mul(source.scale, x0!) as tf.Tensor2D, x1, t)
      const posterior = estimatePosteriorMean({ ...target(energy, method), x, t }, { estimator, noise })
      const mean = clippedMean(energy, method, posterior.noise, schedule.atTensor(t).beta)
      const { value, grads } = valueAndGrads(
        (params) => reverseFlowMatchingLoss(regressed(model.noise(params, x, t), x, t), regressed(mean, x, t)),
        state.params,
      )
      const { params, state: adamState } = optimizer.update({ grads, state: state.adam, params: state.params })
      return {
        state: { params, adam: adamState, average: polyak(state.average, params, AVERAGE_RATE) },
        loss: value,
        ess: tf.mean(posterior.diagnostics.ess),
      }
    },
  }
}

/**
 * Draws by the reverse SDE whose noise retraces the schedule's own, σ_t² = 2β(β α'/α − β') g², in steps
 * of equal ratios of noise to data. It starts from the source's law at the first noise level, without the data.
 */
export function reverseSde({ pace, source }: Method, start: tf.Tensor2D, kicks: tf.Tensor3D, fields: Fields) {
  const sigma = (t: number) => {
    const { alpha, beta, alphaDot, betaDot } = pace.at(t)
    return source.scale * Math.sqrt(2 * beta * ((beta * alphaDot) / alpha - betaDot))
  }
  const x0 = tf.mul(source.scale * pace.at(pace.tMin).beta, start) as tf.Tensor2D
  return sampleSde({ ...fields, sigma, x0, noise: kicks, from: pace.tMin, to: pace.tMax })
}

type Fields = Pick<SdeOptions, 'velocity' | 'score'>

/**
 * Rows of a ring of samples: new ones over the oldest, draws with replacement. With bounds it holds their nearest legal
 * points: E[X0|x] of an x that lies many noise levels outside is as many times too large to learn from.
 */
function createBuffer(capacity: number, dim: number, support: Box | undefined) {
  const legal = (value: number) => (support ? Math.min(support.high, Math.max(support.low, value)) : value)
  const store = new Float32Array(capacity * dim)
  let [size, position] = [0, 0]
  return {
    add(rows: Float32Array) {
      for (let i = 0; i < rows.length; i += dim) {
        const row = rows.subarray(i, i + dim)
        if (!row.every(Number.isFinite)) continue
        store.set(support ? row.map(legal) : row, position * dim)
        position = (position + 1) % capacity
        size = Math.min(size + 1, capacity)
      }
    },
    sample(rng: Rng, n: number): HostTensor {
      const out = new Float32Array(n * dim)
      for (let i = 0; i < n; i++) {
        const row = rng.integer(size) * dim
        out.set(store.subarray(row, row + dim), i * dim)
      }
      return HostTensor.from(out, [n, dim])
    },
  }
}

const drawAll = (rng: Rng, specs: NoiseSpecs): Readonly<Record<string, HostTensor>> =>
  Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, HostTensor.from(drawNoise(rng, spec), spec.shape)]),
  )

/**
 * iDEM's loop (arXiv 2402.06121, algorithm 1): the network's own draws fill a buffer, noised draws of the buffer are
 * where posterior means are estimated from the energy, and the network is regressed on them.
 */
export async function train(energy: Energy, method: Method, options: TrainOptions): Promise<Trained> {
  const { seed, updates, batch, candidates, round, generated, sdeSteps } = options
  const { dim } = energy
  const started = performance.now()
  const rng = createRng(seed, 'training')
  const model = createModel(energy, method, options.hidden)
  const { optimizer, update } = createUpdate(energy, method, model, options)
  const step = jit(update, { donate: [0], threads: 1 })
  const paced = createModel(energy, { ...method, schedule: method.pace }, options.hidden)
  const generate = jit(
    (params: Params, start: tf.Tensor2D, kicks: tf.Tensor3D) =>
      reverseSde(method, start, kicks, {
        velocity: (x, t) => paced.velocity(params, x, t),
        score: (x, t) => paced.score(params, x, t),
      }),
    { threads: 1 },
  )
  const specs: NoiseSpecs = {
    time: { shape: [batch], law: 'uniform' },
    x0: { shape: [batch, dim], law: 'normal' },
    ...estimatorNoise(method.estimator, { batch, candidates, dim }),
  }
  const draws: NoiseSpecs = {
    start: { shape: [generated, dim], law: 'normal' },
    kicks: { shape: [sdeSteps, generated, dim], law: 'normal' },
  }
  const initial = model.init(createRng(seed, 'network'))
  const adamState = optimizer.init(initial)
  const host = (tensor: tf.Tensor) =>
    new HostTensor(tensor.dtype as 'float32', tensor.shape, tensor.dataSync<'float32'>().slice())
  let state = { params: mapTree(host, initial), average: mapTree(host, initial), adam: mapTree(host, adamState) }
  tf.dispose([initial, adamState])
  const buffer = createBuffer(options.buffer, dim, target(energy, method).support)
  buffer.add(rng.fillNormal(new Float32Array(generated * dim), energy.sigmaMax))
  const curve: { update: number; loss: number; ess: number }[] = []
  let sums = { loss: 0, ess: 0 }
  const tenth = Math.ceil(updates / 10)
  for (let i = 0; i < updates; i++) {
    if (i > 0 && i % round === 0) {
      const { start, kicks } = drawAll(rng, draws)
      buffer.add((await generate(state.params as never, start!, kicks!)).data as Float32Array)
    }
    const result = await step(state as never, buffer.sample(rng, batch), drawAll(rng, specs) as never)
    state = result.state as unknown as typeof state
    sums = { loss: sums.loss + result.loss.data[0]!, ess: sums.ess + result.ess.data[0]! }
    if ((i + 1) % tenth !== 0) continue
    curve.push({ update: i + 1, loss: sums.loss / tenth, ess: sums.ess / tenth })
    sums = { loss: 0, ess: 0 }
  }
  await Promise.all([step.dispose(), generate.dispose()])
  return {
    params: state.average,
    evaluations: updates * batch * (method.estimator.cost(candidates) / 2),
    seconds: (performance.now() - started) / 1000,
    curve,
  }
}
