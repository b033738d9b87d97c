import type { Particles } from '../energies/energy.ts'
import { pairs } from '../energies/particles.ts'

/** Positions [n, count·D] of coordinates [n, d] of the subspace without centre of mass, on the host. */
export function positions({ basis }: Particles, y: Float32Array): Float32Array {
  const [dim, width] = basis.shape
  const matrix = basis.dataSync<'float32'>()
  const out = new Float32Array((y.length / dim) * width)
  for (let i = 0; i < y.length; i++) {
    const [row, k] = [Math.floor(i / dim), i % dim]
    for (let j = 0; j < width; j++) out[row * width + j]! += y[i]! * matrix[k * width + j]!
  }
  return out
}

/** Distances of all pairs in all rows of positions [n, count·D]. */
export function interatomicDistances({ count, dimension }: Particles, x: Float32Array): Float32Array {
  const all = pairs(count)
  const width = count * dimension
  const n = x.length / width
  const out = new Float32Array(n * all.length)
  for (let row = 0; row < n; row++)
    for (const [k, [i, j]] of all.entries()) {
      let square = 0
      for (let axis = 0; axis < dimension; axis++)
        square += (x[row * width + i * dimension + axis]! - x[row * width + j * dimension + axis]!) ** 2
      out[row * all.length + k] = Math.sqrt(square)
    }
  return out
}
