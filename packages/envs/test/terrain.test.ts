import { expect, test } from 'vitest'
import { makeEnv } from '../src/index.ts'
import { enlarge } from '../src/terrain.ts'

// scipy 1.17.1: ndimage.zoom([[1, 2, 4], [8, 16, 32], [64, -1, 0]], 5/3), rounded to 1e-9.
const zoomed = [
  [1, 1.21875, 2, 3.28125, 4],
  [-1.40625, 2.083007813, 9.28125, 15.682617188, 18.375],
  [8, 9.75, 16, 26.25, 32],
  [41.90625, 27.026367188, 7.21875, 8.958007813, 15.625],
  [64, 37.5, -1, -6.5, 0],
]

test('a grid is enlarged as by scipy', () => {
  const enlarged = enlarge(Float64Array.of(1, 2, 4, 8, 16, 32, 64, -1, 0), 5)
  for (const [i, value] of zoomed.flat().entries()) expect(enlarged[i]).toBeCloseTo(value, 8)
})

test('an even grid stays even, a finer one goes through the coarse one', () => {
  for (const value of enlarge(new Float64Array(16).fill(0.7), 31)) expect(value).toBeCloseTo(0.7, 12)
  const grid = Float64Array.from({ length: 49 }, (_, i) => Math.sin(i * i))
  const enlarged = enlarge(grid, 25)
  for (const [i, value] of grid.entries())
    expect(enlarged[25 * 4 * Math.floor(i / 7) + 4 * (i % 7)]).toBeCloseTo(value, 12)
})

test('the escape terrain is a bowl times bumps of the mean 0.575 (p = 1e-6 a vertex)', async () => {
  const env = await makeEnv('quadruped-escape')
  const heights = env.physics.modelView('hfield_data')
  const vertices = [0, 25, 60, 80, 99, 100].map((column) => ({
    column,
    radius: Math.max(0.04, Math.abs(column / 100 - 1)),
  }))
  const resets = 40
  const sums = vertices.map(() => ({ sum: 0, squares: 0 }))
  for (let i = 0; i < resets; i++) {
    env.reset(i)
    for (const [v, { column }] of vertices.entries()) {
      const height = heights()[100 * 201 + column]!
      sums[v]!.sum += height
      sums[v]!.squares += height ** 2
    }
  }
  for (const [v, { radius }] of vertices.entries()) {
    const mean = sums[v]!.sum / resets
    const standardError = Math.sqrt((sums[v]!.squares / resets - mean ** 2) / resets)
    const expected = 0.575 * (0.5 - Math.cos(2 * Math.PI * radius) / 2)
    expect(Math.abs(mean - expected)).toBeLessThanOrEqual(4.89 * standardError + 1e-7)
  }
  env.close()
})
