import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ShapeKind, solids } from '../src/solids.ts'
import { addScaled, dot, length, normalise, subtract, type Vec3 } from '../src/vector.ts'

/** Signed distance to a solid of the given size, or a lower bound of it: an account of its own of what the solid is. */
const distances: Record<Exclude<ShapeKind, 'plane' | 'hfield'>, (p: Vec3, size: Vec3) => number> = {
  sphere: (p, [r]) => length(p) - r,
  ellipsoid: ([x, y, z], [a, b, c]) => (Math.hypot(x / a, y / b, z / c) - 1) * Math.min(a, b, c),
  capsule: ([x, y, z], [r, half]) => Math.hypot(x, y, z - Math.max(-half, Math.min(half, z))) - r,
  cylinder: ([x, y, z], [r, half]) => boxDistance([Math.hypot(x, y) - r, Math.abs(z) - half]),
  box: ([x, y, z], [a, b, c]) => boxDistance([Math.abs(x) - a, Math.abs(y) - b, Math.abs(z) - c]),
}
const boxDistance = (out: number[]) => Math.hypot(...out.map((d) => Math.max(0, d))) + Math.min(0, Math.max(...out))

/** Steps along a ray as far as nothing can be, until the surface or far beyond it. */
function march(distance: (p: Vec3) => number, origin: Vec3, direction: Vec3) {
  let least = Number.POSITIVE_INFINITY
  for (let t = 0; t < 20; ) {
    const d = distance(addScaled(origin, direction, t))
    if (d < 1e-9) return { t, least: d }
    least = Math.min(least, d)
    t += d
  }
  return { t: Number.POSITIVE_INFINITY, least }
}

const coordinate = fc.double({ min: -1, max: 1, noNaN: true })
const side = fc.double({ min: 0.05, max: 0.9, noNaN: true })
/** From the sphere of radius 4 towards somewhere near the solid; sometimes along an axis. */
const rays = fc
  .tuple(
    fc.tuple(coordinate, coordinate, coordinate),
    fc.tuple(coordinate, coordinate, coordinate),
    fc.integer({ min: -1, max: 2 }),
  )
  .filter(([from]) => length(from) > 0.1)
  .map(([from, to, axis]) => {
    if (axis < 0) {
      const origin = addScaled([0, 0, 0], normalise(from), 4)
      return { origin, direction: normalise(subtract(to, origin)) }
    }
    const origin = to.map((value, i) => (i === axis ? 4 : value)) as unknown as Vec3
    return { origin, direction: [0, 1, 2].map((i) => (i === axis ? -1 : 0)) as unknown as Vec3 }
  })

describe.each(Object.keys(distances) as (keyof typeof distances)[])('%s', (kind) => {
  test('is met where stepping along the ray meets it, within its bounds, facing outwards', () => {
    let met = 0
    fc.assert(
      fc.property(rays, fc.tuple(side, side, side), ({ origin, direction }, size) => {
        const solid = solids[kind](size)
        const distance = (p: Vec3) => distances[kind](p, size)
        const { t, least } = march(distance, origin, direction)
        fc.pre(t < 20 || least > 1e-6) // rays that graze it may go either way
        const hit = solid.hit(...origin, ...direction)
        if (t === Number.POSITIVE_INFINITY) {
          expect(hit).toBe(t)
          return
        }
        met += 1
        const point = addScaled(origin, direction, hit)
        const normal = solid.normal(...point)
        const grazing = Math.abs(dot(normal, direction)) < 1e-2
        expect(Math.abs(hit - t)).toBeLessThan(grazing ? 1e-2 : 1e-6)
        for (const [i, bound] of solid.bounds!.entries()) expect(Math.abs(point[i]!)).toBeLessThanOrEqual(bound + 1e-9)
        expect(length(normal)).toBeCloseTo(1, 9)
        expect(distance(addScaled(point, normal, 1e-4))).toBeGreaterThan(0)
        expect(distance(addScaled(point, normal, -1e-4))).toBeLessThan(0)
        expect(dot(normal, direction)).toBeLessThan(1e-9)
      }),
      { numRuns: 400, seed: 1 },
    )
    expect(met).toBeGreaterThan(50)
  })

  test('is not met behind the eye, nor from inside', () => {
    const solid = solids[kind]([0.5, 0.5, 0.5])
    expect(solid.hit(0, 0, 3, 0, 0, 1)).toBe(Number.POSITIVE_INFINITY)
    expect(solid.hit(0, 0, 0, 0.1, 0.2, 1)).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('plane', () => {
  test('ends where its size says, or nowhere, and is seen from above only', () => {
    const [bounded, endless] = [solids.plane([1, 2, 0]), solids.plane([0, 0, 0])]
    expect(bounded.hit(0.9, 1.9, 2, 0, 0, -1)).toBe(2)
    expect(bounded.hit(1.1, 0, 2, 0, 0, -1)).toBe(Number.POSITIVE_INFINITY)
    expect(bounded.hit(0, -2.1, 2, 0, 0, -1)).toBe(Number.POSITIVE_INFINITY)
    expect(endless.hit(1e6, -1e6, 2, 0, 0, -1)).toBe(2)
    for (const plane of [bounded, endless]) {
      expect(plane.hit(0, 0, -1, 0, 0, 1)).toBe(Number.POSITIVE_INFINITY)
      expect(plane.hit(0, 0, 1, 0, 0, 1)).toBe(Number.POSITIVE_INFINITY)
    }
  })
})

describe('hfield', () => {
  test('a slope is met as the plane it is', () => {
    const [rows, columns] = [11, 21]
    // From 0 at x = −2 to 0.5 at x = 2.
    const data = Float32Array.from({ length: rows * columns }, (_, i) => (i % columns) / (columns - 1))
    const slope = solids.hfield([2, 1, 0.5], { rows, columns, data })
    fc.assert(
      fc.property(coordinate, coordinate, coordinate, coordinate, (x, y, dx, dy) => {
        const [origin, direction]: [Vec3, Vec3] = [[x, y * 0.9, 2], normalise([0.5 * dx, 0.05 * dy, -1])]
        // z = (x + 2) / 8
        const expected = (origin[2] - (origin[0] + 2) / 8) / (direction[0] / 8 - direction[2])
        expect(slope.hit(...origin, ...direction)).toBeCloseTo(expected, 3)
      }),
      { numRuns: 100, seed: 1 },
    )
    const normal = slope.normal(0.3, 0.1, 2.3 / 8)
    expect(dot(normal, normalise([-1 / 8, 0, 1]))).toBeCloseTo(1, 5)
    expect(slope.hit(0, 0, 2, 1, 0, -0.1)).toBe(Number.POSITIVE_INFINITY)
  })
})
