import { linearSumAssignment } from 'linear-sum-assignment'

/** Squared distance of row i of one sample to row j of another. */
export type SquaredDistance = (i: number, j: number) => number

/** 2-Wasserstein distance of two samples of n equal weights: exact, by optimal assignment (O(n³): 1 s for n = 1000). */
export function wasserstein2(n: number, squaredDistance: SquaredDistance): number {
  const cost = Array.from({ length: n }, (_, i) => Float64Array.from({ length: n }, (__, j) => squaredDistance(i, j)))
  const { rowAssignments } = linearSumAssignment(cost, { maximaze: false })
  return Math.sqrt(rowAssignments.reduce((sum, j, i) => sum + cost[i]![j]!, 0) / n)
}

/** The same for numbers: sorted against sorted; samples of different sizes are compared at common quantiles. */
export function wasserstein2OfNumbers(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [x, y] = [Float64Array.from(a).sort(), Float64Array.from(b).sort()]
  const n = Math.max(x.length, y.length)
  const quantile = (sorted: Float64Array, i: number) => sorted[Math.floor(((i + 0.5) / n) * sorted.length)]!
  let sum = 0
  for (let i = 0; i < n; i++) sum += (quantile(x, i) - quantile(y, i)) ** 2
  return Math.sqrt(sum / n)
}

/** Squared Euclidean distance between rows of width d. */
export const euclidean =
  (a: Float32Array, b: Float32Array, dim: number): SquaredDistance =>
  (i, j) => {
    let sum = 0
    for (let k = 0; k < dim; k++) sum += (a[i * dim + k]! - b[j * dim + k]!) ** 2
    return sum
  }

/**
 * Squared distance between configurations of `count` particles in the plane, the least over all rotations, reflections
 * and exchanges of particles: over n! orders, each with its best rotation in closed form, so for few particles only.
 * Rows are centred positions, [count·2].
 */
export function upToSymmetry(a: Float32Array, b: Float32Array, count: number): SquaredDistance {
  const width = 2 * count
  const orders = permutations(count)
  const norms = (x: Float32Array) =>
    Float64Array.from({ length: x.length / width }, (_, i) =>
      x.subarray(i * width, (i + 1) * width).reduce((sum, v) => sum + v * v, 0),
    )
  const [normA, normB] = [norms(a), norms(b)]
  return (i, j) => {
    let best = 0
    for (const order of orders) {
      // positions as complex numbers: Σ z̄ w is turned by a rotation, Σ z w by one after a reflection
      let [dot, cross, mirroredDot, mirroredCross] = [0, 0, 0, 0]
      for (let p = 0; p < count; p++) {
        const [zx, zy] = [a[i * width + 2 * p]!, a[i * width + 2 * p + 1]!]
        const [wx, wy] = [b[j * width + 2 * order[p]!]!, b[j * width + 2 * order[p]! + 1]!]
        dot += zx * wx + zy * wy
        cross += zx * wy - zy * wx
        mirroredDot += zx * wx - zy * wy
        mirroredCross += zx * wy + zy * wx
      }
      best = Math.max(best, dot * dot + cross * cross, mirroredDot * mirroredDot + mirroredCross * mirroredCross)
    }
    return Math.max(0, normA[i]! + normB[j]! - 2 * Math.sqrt(best))
  }
}

const permutations = (n: number): number[][] =>
  n === 0
    ? [[]]
    : permutations(n - 1).flatMap((rest) =>
        Array.from({ length: n }, (_, at) => [...rest.slice(0, at), n - 1, ...rest.slice(at)]),
      )
