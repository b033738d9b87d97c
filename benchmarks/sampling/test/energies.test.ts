import { createRng } from '@revflow/core'
import { jit } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import type { Energy } from '../src/energies/energy.ts'
import { energies } from '../src/energies/index.ts'
import { mixtureMeans, UNIT } from '../src/energies/mixture.ts'

await tf.setBackend('cpu')
const all = Object.values(energies).map((make) => make())
const systems = all.filter(({ particles }) => particles)

const points = (energy: Energy, n: number, seed: number) =>
  energy.draw?.(createRng(seed), n) ?? createRng(seed).fillNormal(new Float32Array(n * energy.dim), energy.scale)
const evaluate = (energy: Energy, x: Float32Array | number[]) => {
  const { value, grad } = energy.logTargetAndGrad(tf.tensor3d(x, [1, x.length / energy.dim, energy.dim]))
  return { value: [...value.dataSync()], grad: [...grad.dataSync()] }
}

describe.each(all)('$name', (energy) => {
  it('has the gradient of its value', () => {
    const n = 4
    const x = points(energy, n, 1)
    const { grad } = evaluate(energy, x)
    // central differences in float32: a step near the cube root of the precision
    const h = 3e-3 * energy.scale
    for (let j = 0; j < energy.dim; j++) {
      const shifted = (sign: number) => x.map((value, i) => (i % energy.dim === j ? value + sign * h : value))
      const [up, down] = [evaluate(energy, shifted(1)).value, evaluate(energy, shifted(-1)).value]
      const [further, back] = [evaluate(energy, shifted(2)).value, evaluate(energy, shifted(-2)).value]
      for (let i = 0; i < n; i++) {
        const slope = (8 * (up[i]! - down[i]!) - (further[i]! - back[i]!)) / (12 * h)
        const rounding = (1e-6 * Math.abs(up[i]!)) / h
        const exact = grad[i * energy.dim + j]!
        expect(Math.abs(slope - exact)).toBeLessThan(0.02 * Math.abs(exact) + 0.05 / energy.scale + rounding)
      }
    }
  })

  it('gives the same compiled', async () => {
    const x = points(energy, 6, 2)
    const compiled = jit((z: tf.Tensor3D) => ({ ...energy.logTargetAndGrad(z) }))
    const { value, grad } = await compiled(tf.tensor3d(x, [2, 3, energy.dim]))
    const eager = evaluate(energy, x)
    expect(value.shape).toEqual([2, 3])
    expect(grad.shape).toEqual([2, 3, energy.dim])
    for (const [mine, other] of [
      [value.data, eager.value],
      [grad.data, eager.grad],
    ] as const)
      for (const [i, v] of other.entries()) expect(mine[i]! - v).toBeCloseTo(0, Math.abs(v) > 100 ? 1 : 2)
    await compiled.dispose()
  })
})

describe('the mixture', () => {
  it('has the means that torch draws from seed 0', () => {
    // torch.manual_seed(0); torch.rand(5) prints 0.4963, 0.7682, 0.0885, 0.1320, 0.3074
    const uniforms = mixtureMeans.flat().map((m) => ((m * UNIT) / 40 + 1) / 2)
    for (const [i, u] of [0.4963, 0.7682, 0.0885, 0.132, 0.3074].entries()) expect(uniforms[i]).toBeCloseTo(u, 4)
    expect(mixtureMeans).toHaveLength(40)
  })

  it('integrates to one', () => {
    const n = 150
    const h = 2.4 / n
    const grid = Float32Array.from({ length: 2 * n * n }, (_, i) => {
      const cell = i >> 1
      return ((i & 1 ? cell % n : Math.floor(cell / n)) + 0.5) * h - 1.2
    })
    const total = evaluate(energies.mixture(), grid).value.reduce((sum, v) => sum + Math.exp(v), 0)
    expect(Math.log(total * h * h)).toBeCloseTo(0, 4)
  })
})

describe.each(systems)('$name', (energy) => {
  const { count, dimension, basis } = energy.particles!
  const lift = (y: Float32Array) => tf.matMul(tf.tensor2d(y, [1, energy.dim]), basis)
  const lower = (x: tf.Tensor2D) => tf.matMul(x, basis, false, true).dataSync<'float32'>()
  const y = points(energy, 1, 3)
  const positions = tf.reshape(lift(y), [count, dimension]) as tf.Tensor2D
  const flat = (x: tf.Tensor) => tf.reshape(x, [1, -1]) as tf.Tensor2D
  const here = evaluate(energy, y)

  it('has its centre of mass at zero, in orthonormal coordinates', () => {
    for (const mean of tf.mean(positions, 0).dataSync()) expect(mean).toBeCloseTo(0, 6)
    for (const [i, value] of lower(flat(positions)).entries()) expect(value).toBeCloseTo(y[i]!, 5)
  })

  it('does not change when particles are translated, exchanged, rotated or mirrored', () => {
    const angle = 0.7
    const turn = tf.tidy(() => {
      const matrix = tf.buffer([dimension, dimension])
      for (let i = 0; i < dimension; i++) matrix.set(1, i, i)
      matrix.set(Math.cos(angle), 0, 0)
      matrix.set(-Math.sin(angle), 0, 1)
      matrix.set(Math.sin(angle), 1, 0)
      matrix.set(Math.cos(angle), 1, 1)
      return matrix.toTensor() as tf.Tensor2D
    })
    const order = createRng(4)
    const shuffled = [...Array(count).keys()].sort(() => order.uniform() - 0.5)
    const changes: Record<string, tf.Tensor> = {
      translated: tf.add(positions, 3),
      exchanged: tf.gather(positions, shuffled),
      rotated: tf.matMul(positions, turn),
      mirrored: tf.neg(positions),
    }
    for (const [change, moved] of Object.entries(changes)) {
      const [value] = evaluate(energy, lower(flat(moved))).value
      expect(Math.abs(value! / here.value[0]! - 1), change).toBeLessThan(1e-4)
    }
  })
})

describe('pair energies', () => {
  /** Two particles of a system at distance r, the others as far as to add what `rest` says. */
  const along = (energy: Energy, r: number) => {
    const { count, dimension, basis } = energy.particles!
    const x = new Float32Array(count * dimension)
    // a line with spacing r
    for (let i = 0; i < count; i++) x[i * dimension] = i * r
    return evaluate(energy, tf.matMul(tf.tensor2d(x, [1, x.length]), basis, false, true).dataSync<'float32'>())
      .value[0]!
  }

  it('DW4: four particles on a line', () => {
    const v = (r: number) => 0.9 * (r - 4) ** 4 - 4 * (r - 4) ** 2
    for (const r of [1.5, 2, 3]) expect(along(energies.dw4(), r)).toBeCloseTo(-(3 * v(r) + 2 * v(2 * r) + v(3 * r)), 2)
  })

  it('LJ13: thirteen particles on a line, the core straight', () => {
    const lj = (r: number) => 2 * (r ** -12 - 2 * r ** -6)
    const slope = (r: number) => -24 * (r ** -13 - r ** -7)
    const v = (r: number) => (r > 0.75 ? lj(r) : lj(0.75) + slope(0.75) * (r - 0.75))
    for (const r of [0.5, 0.9, 1.1]) {
      const places = Array.from({ length: 13 }, (_, i) => (i - 6) * r)
      const spring = 0.5 * places.reduce((sum, x) => sum + x * x, 0)
      const total = places.flatMap((a, i) => places.slice(i + 1).map((b) => v(Math.abs(a - b)))).reduce((a, b) => a + b)
      expect(along(energies.lj13(), r) / -(total + spring)).toBeCloseTo(1, 5)
    }
  })
})
