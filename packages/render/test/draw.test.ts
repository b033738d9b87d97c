import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Camera, draw, type Picture, type Scene, type Shape } from '../src/index.ts'
import { castShadows, towardsLight } from '../src/light.ts'
import { addScaled, frameAlong, type Mat3, normalise, type Vec3 } from '../src/vector.ts'
import { parallelView, perspectiveView } from '../src/view.ts'
import { cast, targetOf } from '../src/visibility.ts'

const upright: Mat3 = [1, 0, 0, 0, 1, 0, 0, 0, 1]
const shape = (kind: Shape['kind'], size: Vec3, position: Vec3, more: Partial<Shape> = {}): Shape => ({
  kind,
  size,
  position,
  rotation: upright,
  colour: [0.8, 0.1, 0.1, 1],
  ...more,
})
const floor = shape('plane', [0, 0, 1], [0, 0, 0], { colour: [0.8, 0.8, 0.8, 1] })
/** From `position` along `direction`. */
const camera = (position: Vec3, direction: Vec3, fovy = 45): Camera => {
  const forward = normalise(direction)
  return { position, rotation: frameAlong([-forward[0], -forward[1], -forward[2]]), fovy }
}
const small = { width: 64, height: 48, samples: 1 }
const pixelAt = ({ width, data }: Picture, x: number, y: number) => [
  ...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 3),
]
const brightness = (picture: Picture, x: number, y: number) => pixelAt(picture, x, y).reduce((a, b) => a + b) / 3

/** Where the first shape is seen: how many pixels, and their middle. */
function silhouette({ ids }: ReturnType<typeof cast>, width: number) {
  const seen = [...ids.keys()].filter((at) => ids[at] === 0)
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length
  return { area: seen.length, x: mean(seen.map((at) => at % width)), y: mean(seen.map((at) => Math.floor(at / width))) }
}

describe('outlines', () => {
  test('a sphere is seen as the ellipse in which its cone of rays meets the picture', () => {
    const [width, height, fovy] = [400, 300, 60]
    const pixel = (2 * Math.tan(Math.PI / 6)) / height
    const offset = fc.double({ min: -1, max: 1, noNaN: true })
    fc.assert(
      fc.property(offset, fc.double({ min: 0.2, max: 0.6, noNaN: true }), (right, radius) => {
        const view = perspectiveView({ position: [0, 0, 0], rotation: upright, fovy }, width, height)
        const seen = silhouette(cast(view, [targetOf(shape('sphere', [radius, 0, 0], [right, 0, -3]))]), width)
        const angle = Math.atan2(right, 3)
        const half = Math.asin(radius / Math.hypot(right, 3))
        const across = Math.cos(angle) ** 2 - Math.sin(half) ** 2
        const area = (Math.PI * Math.sin(half) ** 2 * Math.cos(half)) / across ** 1.5 / pixel ** 2
        const middle = (Math.tan(angle + half) + Math.tan(angle - half)) / 2 / pixel
        expect(Math.abs(seen.area / area - 1)).toBeLessThan(0.02)
        expect(Math.abs(seen.x - (width - 1) / 2 - middle)).toBeLessThan(0.5)
        expect(Math.abs(seen.y - (height - 1) / 2)).toBeLessThan(0.5)
      }),
      { numRuns: 20, seed: 2 },
    )
  })

  test('a capsule from its side is a rectangle and two half discs, a box a rectangle', () => {
    const size = 600
    const pixel = 0.005
    const view = parallelView([0, -5, 0], frameAlong([0, -1, 0]), size, pixel)
    const area = (solid: Shape) => silhouette(cast(view, [targetOf(solid)]), size).area * pixel ** 2
    expect(area(shape('capsule', [0.2, 0.7, 0], [0.1, 0, 0.2]))).toBeCloseTo(4 * 0.2 * 0.7 + Math.PI * 0.04, 2)
    expect(area(shape('box', [0.4, 9, 0.3], [0.1, 10, 0]))).toBeCloseTo(0.48, 2)
    const tilted = { rotation: frameAlong(normalise([1, 0, 1])) }
    expect(area(shape('capsule', [0.2, 0.7, 0], [0, 0, 0], tilted))).toBeCloseTo(4 * 0.2 * 0.7 + Math.PI * 0.04, 2)
    expect(area(shape('cylinder', [0.3, 0.2, 0], [0, 0, 0]))).toBeCloseTo(0.24, 2)
  })

  test('an endless floor reaches the horizon: as high in the picture as the camera looks down', () => {
    for (const pitch of [0, 0.1, -0.2]) {
      const view = perspectiveView(camera([0, 0, 1], [0, Math.cos(pitch), -Math.sin(pitch)]), 101, 401)
      const { ids } = cast(view, [targetOf(floor)])
      const first = Array.from({ length: 401 }, (_, y) => ids[101 * y + 50]).indexOf(0)
      const pixel = (2 * Math.tan((45 * Math.PI) / 360)) / 401
      expect(Math.abs(first - (200 - Math.tan(pitch) / pixel))).toBeLessThanOrEqual(1)
    }
  })

  test('what is around the eye, behind it or beside it does not disturb', () => {
    const view = perspectiveView(camera([0, 0, 0], [0, 1, 0]), 40, 30)
    const around = targetOf(shape('sphere', [2, 0, 0], [0, 0, 0]))
    const behind = targetOf(shape('box', [1, 1, 1], [0, -5, 0]))
    const beside = targetOf(shape('capsule', [0.1, 9, 0], [0.5, 0, 0], { rotation: frameAlong([0, 1, 0]) }))
    expect(silhouette(cast(view, [around]), 40).area).toBe(0)
    expect(silhouette(cast(view, [behind]), 40).area).toBe(0)
    expect(silhouette(cast(view, [beside]), 40).area).toBeGreaterThan(20)
  })
})

test('the nearer hides the farther, whichever comes first', () => {
  const near = shape('sphere', [0.5, 0, 0], [0, 2, 0], { colour: [0, 1, 0, 1] })
  const far = shape('box', [1, 1, 1], [0, 5, 0])
  const eye = camera([0, 0, 0], [0, 1, 0])
  const one = draw([near, far], eye, small)
  expect(draw([far, near], eye, small).data).toEqual(one.data)
  const [red, green] = pixelAt(one, 32, 24) as [number, number]
  expect(green).toBeGreaterThan(2 * red)
})

test('an edge that crosses a pixel is shaded by the share of it that is covered', () => {
  // The right edge is 0.25 and 0.5 of a pixel to the right of the boundary between columns 39 and 40.
  const pixel = (2 * Math.tan((45 * Math.PI) / 360)) / 48
  const light = (right: number, samples: number) => {
    const cover = shape('box', [20, 1, 20], [(8 + right) * pixel - 20, 2, 0], { colour: [0, 0, 0, 1] })
    const picture = draw([cover], camera([0, 0, 0], [0, 1, 0]), { ...small, samples })
    return [38, 40, 42].map((x) => (brightness(picture, x, 24) / 255) ** 2.2) as [number, number, number]
  }
  for (const covered of [0.25, 0.5]) {
    const [black, edge, sky] = light(covered, 4)
    expect(edge).toBeCloseTo(covered * black + (1 - covered) * sky, 1)
  }
  const [black, edge, sky] = light(0.25, 1)
  expect(black).toBeLessThan(0.1 * sky)
  expect(edge).toBeCloseTo(sky, 1)
})

test('translucent shapes mix with what is behind them by their opacity; invisible ones are gone', () => {
  const back = shape('box', [9, 0.1, 9], [0, 9, 0], { colour: [1, 1, 1, 1] })
  const eye = camera([0, 0, 0], [0, 1, 0])
  const light = (alpha: number) => {
    const veil = shape('box', [2, 0.1, 2], [0, 3, 0], { colour: [0, 0, 0, alpha] })
    return (brightness(draw([veil, back], eye, { ...small, samples: 4 }), 10, 10) / 255) ** 2.2
  }
  const [clear, black] = [light(0), light(1)]
  expect(black).toBeLessThan(0.1 * clear)
  for (const alpha of [0.25, 0.5, 0.75]) expect(light(alpha)).toBeCloseTo(black + (1 - alpha) * (clear - black), 1)
})

test('a sphere over a floor throws a round shadow away from the lamp', () => {
  const [radius, height] = [0.4, 1.5]
  const shadows = castShadows([shape('sphere', [radius, 0, 0], [0, 0, height]), floor].map(targetOf))
  const middle = addScaled([0, 0, height], towardsLight, -height / towardsLight[2])
  const up: Vec3 = [0, 0, 1]
  expect(shadows(middle, up)).toBe(0)
  expect(shadows([0, 0, 0], up)).toBe(1)
  expect(shadows([50, 50, 0], up)).toBe(1)
  expect(shadows([0, 0, height - radius], [0, 0, -1])).toBe(0)
  expect(shadows(addScaled([0, 0, height], towardsLight, radius), towardsLight)).toBe(1)
  let area = 0
  const step = 0.01
  for (let x = -1; x < 1; x += step)
    for (let y = -1; y < 1; y += step) area += (1 - shadows([middle[0] + x, middle[1] + y, 0], up)) * step * step
  // A circle of parallel rays, met aslant.
  expect(Math.abs(area / ((Math.PI * radius ** 2) / towardsLight[2]) - 1)).toBeLessThan(0.03)
  expect(castShadows([floor].map(targetOf))(middle, up)).toBe(1)
})

test('a checker has its squares near by, and their mean far away, without a flicker', () => {
  const scene: Scene = [{ ...floor, checker: 0.5 }]
  const eye = camera([0.2, 0.1, 1], [0, 1, -0.4])
  const picture = draw(scene, eye, { width: 200, height: 150, samples: 1 })
  const row = (y: number) => Array.from({ length: 200 }, (_, x) => brightness(picture, x, y))
  const spread = (values: number[]) => Math.max(...values) - Math.min(...values)
  expect(spread(row(149))).toBeGreaterThan(15)
  // Near the horizon, a pixel holds many squares.
  const horizon = Array.from({ length: 150 }, (_, y) => y).find((y) => spread(row(y)) > 0)!
  expect(spread(row(horizon + 1))).toBeLessThan(4)
})
