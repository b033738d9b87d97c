import type { RealView } from './mujoco.ts'

/**
 * Coefficients of the cubic B-spline through n ≥ 3 evenly spaced values, mirrored at both ends:
 * c[i−1] + 4 c[i] + c[i+1] = 6 f[i], solved by elimination.
 */
function splineCoefficients(values: Float64Array): Float64Array {
  const n = values.length
  const coefficients = values.map((value) => 6 * value)
  const upper = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    const [left, right] = [i === n - 1 ? 2 : 1, i === 0 ? 2 : 1]
    const pivot = i === 0 ? 4 : 4 - left * upper[i - 1]!
    if (i > 0) coefficients[i]! -= left * coefficients[i - 1]!
    coefficients[i]! /= pivot
    upper[i] = right / pivot
  }
  for (let i = n - 2; i >= 0; i--) coefficients[i]! -= upper[i]! * coefficients[i + 1]!
  return coefficients
}

/** Values at `size` ≥ 2 evenly spaced points, first to last, of the cubic spline through the values, flat at the ends. */
function resample(values: Float64Array, size: number): Float64Array {
  const last = values.length - 1
  const c = splineCoefficients(values)
  const resampled = new Float64Array(size)
  for (let k = 0; k < size; k++) {
    const x = (k * last) / (size - 1)
    const i = Math.min(Math.floor(x), last - 1)
    const t = x - i
    const s = 1 - t
    const before = c[i === 0 ? 1 : i - 1]!
    const after = c[i === last - 1 ? last - 1 : i + 2]!
    const middle = (4 - 3 * t * t * (1 + s)) * c[i]! + (4 - 3 * s * s * (1 + t)) * c[i + 1]!
    resampled[k] = (s * s * s * before + middle + t * t * t * after) / 6
  }
  return resampled
}

/**
 * Enlarges a square grid by cubic splines along its rows, then its columns.
 * @param grid `n × n`, row-major, n ≥ 3
 * @returns `size × size`, row-major; its corners are those of the grid
 */
export function enlarge(grid: Float64Array, size: number): Float64Array {
  const n = Math.sqrt(grid.length)
  const rows = Array.from({ length: n }, (_, row) => resample(grid.subarray(row * n, (row + 1) * n), size))
  const enlarged = new Float64Array(size * size)
  for (let column = 0; column < size; column++) {
    const values = Float64Array.from(rows, (row) => row[column]!)
    const resampled = resample(values, size)
    for (let row = 0; row < size; row++) enlarged[row * size + column] = resampled[row]!
  }
  return enlarged
}

/**
 * Writes the heights of a bowl: a ring of hills around the middle, highest half-way to the rim, times smooth bumps.
 * @param heights `size × size`, row-major; in [0, 1] but for overshoots of the smoothing
 * @param bumps a square grid, row-major, in [0, 1]: enlarged to that size
 */
export function writeBowl(heights: RealView, bumps: Float64Array, size: number): void {
  const smooth = enlarge(bumps, size)
  const coordinate = (i: number) => -1 + (2 * i) / (size - 1)
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      const radius = Math.min(1, Math.max(0.04, Math.hypot(coordinate(row), coordinate(column))))
      const bowl = 0.5 - Math.cos(2 * Math.PI * radius) / 2
      heights[row * size + column] = bowl * smooth[row * size + column]!
    }
}
