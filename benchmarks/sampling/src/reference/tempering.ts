import { createRng, drawNoise } from '@revflow/core'
import { HostTensor, jit } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import type { Energy } from '../energies/energy.ts'

export interface TemperingOptions {
  readonly seed: number
  /** λ from 0 to 1: replica i samples N(0, s²)^(1−λ) p1^λ, s being the energy's scale. */
  readonly lambdas: readonly number[]
  /** Independent ensembles of replicas. */
  readonly chains: number
  /** Hamiltonian moves that are thrown away, and that fit the step sizes. */
  readonly burnIn: number
  /** Moves after that. */
  readonly moves: number
  /** Leapfrog steps a move. */
  readonly leaps: number
  /** Moves from one kept state to the next. */
  readonly thin: number
}

export interface Tempered {
  /** States at λ = 1: of each kept move in turn, all chains, [kept·chains, d]. */
  readonly samples: Float32Array
  /** dU/dλ = log p̃1 − log N at each kept move, [kept][replicas·chains]. */
  readonly slopes: readonly Float32Array[]
  /** Rates of acceptance after burn-in, of moves and of exchanges with the next replica. */
  readonly moved: readonly number[]
  readonly exchanged: readonly number[]
}

/** Rate of acceptance that step sizes are fitted to. */
const RATE = 0.8

/** Positions with log p̃1 and its gradient, [R, C, d], [R, C], [R, C, d]. */
type Replicas = { x: tf.Tensor3D; value: tf.Tensor; grad: tf.Tensor }
type Noise = { momentum: tf.Tensor3D; accept: tf.Tensor; exchange: tf.Tensor }

/**
 * Parallel tempering by Hamiltonian Monte Carlo between a Gaussian and the target, many ensembles side by side, one move
 * of all of them compiled. Neighbours are exchanged after each move, even and odd pairs in turn.
 */
export async function temper(energy: Energy, options: TemperingOptions): Promise<Tempered> {
  const { lambdas, chains, burnIn, moves, leaps, thin } = options
  const [count, { dim }] = [lambdas.length, energy]
  const rng = createRng(options.seed, `tempering ${energy.name}`)
  const steps = [0, 1].map((parity) => jit(temperingMove(energy, lambdas, leaps, parity), { donate: [0], threads: 1 }))
  const x = HostTensor.from(rng.fillNormal(new Float32Array(count * chains * dim), energy.scale), [count, chains, dim])
  const start = jit((at: tf.Tensor3D) => ({ x: at, ...energy.logTargetAndGrad(at) }), { threads: 1 })
  let state = await start(x)
  const stepSize = new Float32Array(count).fill(0.1 * energy.scale)
  const rates = { moved: new Float64Array(count), exchanged: new Float64Array(count) }
  const samples: Float32Array[] = []
  const slopes: Float32Array[] = []
  for (let move = 0; move < burnIn + moves; move++) {
    const noise = {
      momentum: HostTensor.from(drawNoise(rng, { shape: [count, chains, dim], law: 'normal' }), [count, chains, dim]),
      accept: HostTensor.from(drawNoise(rng, { shape: [count, chains], law: 'uniform' }), [count, chains]),
      exchange: HostTensor.from(drawNoise(rng, { shape: [count, chains], law: 'uniform' }), [count, chains]),
    }
    const result = await steps[move % 2]!(state, HostTensor.from(stepSize.slice(), [count, 1, 1]), noise)
    state = result.state
    const [moved, exchanged, slope] = [result.moved.data, result.exchanged.data, result.slope.data as Float32Array]
    for (let r = 0; r < count; r++)
      if (move < burnIn) stepSize[r]! *= Math.exp(0.2 * (moved[r]! - RATE) * (1 - move / burnIn))
      else {
        rates.moved[r]! += moved[r]! / moves
        rates.exchanged[r]! += (2 * exchanged[r]!) / moves
      }
    if (move < burnIn || (move - burnIn) % thin !== 0) continue
    slopes.push(slope.slice())
    samples.push((state.x.data as Float32Array).slice((count - 1) * chains * dim))
  }
  await Promise.all([...steps, start].map((compiled) => compiled.dispose()))
  const all = new Float32Array(samples.length * chains * dim)
  for (const [i, part] of samples.entries()) all.set(part, i * part.length)
  return { samples: all, slopes, moved: [...rates.moved], exchanged: [...rates.exchanged].slice(0, -1) }
}

/** One Hamiltonian move of every replica, then exchanges of neighbours (i, i + 1) with i of a parity. */
const temperingMove =
  (energy: Energy, lambdas: readonly number[], leaps: number, parity: number) =>
  (state: Replicas, stepSize: tf.Tensor3D, noise: Noise) => {
    const precision = 1 / energy.scale ** 2
    const lambda = tf.tensor2d([...lambdas], [lambdas.length, 1])
    const base = (x: tf.Tensor) => tf.mul(-0.5 * precision, tf.sum(tf.square(x), 2))
    const density = ({ x, value }: Replicas) => tf.add(tf.mul(lambda, value), tf.mul(tf.sub(1, lambda), base(x)))
    const force = ({ x, grad }: Replicas) => {
      const wide = tf.expandDims(lambda, 2)
      return tf.add(tf.mul(wide, grad), tf.mul(tf.mul(tf.sub(1, wide), -precision), x))
    }
    const kinetic = (p: tf.Tensor) => tf.mul(0.5, tf.sum(tf.square(p), 2))
    const half = tf.mul(0.5, stepSize)

    let there = state
    let momentum: tf.Tensor = noise.momentum
    for (let i = 0; i < leaps; i++) {
      momentum = tf.add(momentum, tf.mul(half, force(there)))
      const x = tf.add(there.x, tf.mul(stepSize, momentum)) as tf.Tensor3D
      there = { x, ...energy.logTargetAndGrad(x) }
      momentum = tf.add(momentum, tf.mul(half, force(there)))
    }
    const gain = tf.sub(density(there), density(state))
    const logRatio = tf.add(gain, tf.sub(kinetic(noise.momentum), kinetic(momentum)))
    const accepted = tf.less(tf.log(noise.accept), logRatio)
    const here = choose(accepted, there, state)

    const slope = tf.sub(here.value, tf.sub(base(here.x), logNormaliser(energy)))
    const partner = lambdas.map((_, i) => {
      const other = i % 2 === parity ? i + 1 : i - 1
      return other >= 0 && other < lambdas.length ? other : i
    })
    const swap = <T extends tf.Tensor>(values: T): T => tf.gather(values, partner)
    const exchangeRatio = tf.mul(tf.sub(swap(lambda), lambda), tf.sub(slope, swap(slope)))
    // both of a pair go by the uniform of the lower one
    const lower = partner.map((other, i) => Math.min(other, i))
    const exchanged = tf.less(tf.log(tf.gather(noise.exchange, lower)), exchangeRatio)
    const others = { x: swap(here.x), value: swap(here.value), grad: swap(here.grad) }
    const isLower = tf.tensor2d(
      partner.map((other, i) => (other > i ? 1 : 0)),
      [lambdas.length, 1],
    )
    const share = (flags: tf.Tensor) => tf.mean(tf.cast(flags, 'float32'), 1)
    const state1 = choose(exchanged, others, here)
    return {
      state: state1,
      moved: share(accepted),
      exchanged: tf.mul(tf.squeeze(isLower, [1]), share(exchanged)),
      slope: tf.sub(state1.value, tf.sub(base(state1.x), logNormaliser(energy))),
    }
  }

/** d log(s √2π), what makes N(0, s²) in d dimensions a density. */
const logNormaliser = ({ dim, scale }: Energy) => dim * Math.log(scale * Math.sqrt(2 * Math.PI))

function choose(flags: tf.Tensor, a: Replicas, b: Replicas): Replicas {
  const wide = tf.logicalAnd(tf.expandDims(flags, 2), tf.equal(a.x, a.x))
  return { x: tf.where(wide, a.x, b.x), value: tf.where(flags, a.value, b.value), grad: tf.where(wide, a.grad, b.grad) }
}
