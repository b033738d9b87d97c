import { hostNoise, hostTree } from '@revflow/benchmark-shared'
import { createRng, type NoiseSpecs, type Tree } from '@revflow/core'
import { type HostTensor, jit } from '@revflow/jit'
import { estimatorNoise } from '@revflow/stein'
import * as tf from '@tensorflow/tfjs'
import { createBuffer } from './buffer.ts'
import type { Energy } from './energies/energy.ts'
import type { Method } from './methods.ts'
import { createModel } from './model.ts'
import type { Params } from './networks/network.ts'
import { createUpdate, target } from './regression.ts'
import { reverseSde } from './reverse-sde.ts'

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
  let state = { params: hostTree(initial), average: hostTree(initial), adam: hostTree(adamState) }
  tf.dispose([initial, adamState])
  const buffer = createBuffer(options.buffer, dim, target(energy, method).support)
  buffer.add(rng.fillNormal(new Float32Array(generated * dim), energy.sigmaMax))
  const curve: { update: number; loss: number; ess: number }[] = []
  let sums = { loss: 0, ess: 0 }
  const tenth = Math.ceil(updates / 10)
  for (let i = 0; i < updates; i++) {
    if (i > 0 && i % round === 0) {
      const { start, kicks } = hostNoise(rng, draws)
      buffer.add((await generate(state.params as never, start!, kicks!)).data as Float32Array)
    }
    const result = await step(state as never, buffer.sample(rng, batch), hostNoise(rng, specs) as never)
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
