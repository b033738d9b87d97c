import { castShadows, towardsLight } from './light.ts'
import type { Colour, Scene } from './scene.ts'
import { addScaled, dot, length, rotate, subtract, type Vec3 } from './vector.ts'
import { type Camera, perspectiveView, type View } from './view.ts'
import { cast, type LocalRays, localRays, type Target, targetOf } from './visibility.ts'

/** Pixels in RGBA, rows from the top. */
export interface Picture {
  readonly width: number
  readonly height: number
  /** [height · width · 4], sRGB. */
  readonly data: Uint8ClampedArray
}

/** Size of a picture, and rays a pixel: `samples`². */
export interface DrawOptions {
  readonly width: number
  readonly height: number
  readonly samples: number
}

/** Colours are mixed in proportion to light, not as they are stored. */
const toLight = (value: number) => value ** 2.2
const fromLight = Uint8ClampedArray.from({ length: 4097 }, (_, i) => 255 * (i / 4096) ** (1 / 2.2))
const lightOf = ([r, g, b]: Colour | Vec3): Vec3 => [toLight(r), toLight(g), toLight(b)]

const horizon = lightOf([0.93, 0.95, 0.97])
const zenith = lightOf([0.6, 0.73, 0.88])

/** Draws a scene as a camera sees it. */
export function draw(scene: Scene, camera: Camera, { width, height, samples }: DrawOptions): Picture {
  const targets = scene.filter(({ colour }) => colour[3] > 0).map(targetOf)
  const view = perspectiveView(camera, width * samples, height * samples)
  const { ids, depths } = cast(view, targets, samples)
  const light = new Float64Array(3)
  const addLight = createShader(view, targets, samples, light)
  const data = new Uint8ClampedArray(width * height * 4).fill(255)
  const block = Array.from({ length: samples ** 2 }, (_, i) => (i % samples) + view.width * Math.floor(i / samples))
  for (let pixel = 0; pixel < width * height; pixel++) {
    const x = samples * (pixel % width)
    const y = samples * Math.floor(pixel / width)
    const at = y * view.width + x
    light.fill(0)
    if (isSmooth(at)) addLight(x, y, ids[at]!, depths[at]!, 1)
    else
      for (const step of block)
        addLight(
          x + (step % view.width),
          y + Math.floor(step / view.width),
          ids[at + step]!,
          depths[at + step]!,
          1 / block.length,
        )
    for (let i = 0; i < 3; i++) data[4 * pixel + i] = fromLight[Math.round(4096 * Math.min(1, light[i]!))]!
  }
  return { width, height, data }

  /** Whether all rays of a pixel meet the same smooth surface: then one stands for all. */
  function isSmooth(at: number): boolean {
    const first = ids[at]!
    if (first >= 0 && targets[first]!.solid.edged) return false
    for (const step of block) if (ids[at + step] !== first) return false
    return true
  }
}

/** Adds the light of the ray in column x and row y, which meets the target `id` at a depth, `share` times. */
type Shader = (x: number, y: number, id: number, depth: number, share: number) => void

function createShader(view: View, targets: readonly Target[], samples: number, light: Float64Array): Shader {
  const shadows = castShadows(targets)
  const colours = targets.map(({ shape }) => lightOf(shape.colour))
  const rays = targets.map(({ shape }) => localRays(view, shape))
  const start = view.ray(0, 0)
  const right = subtract(view.ray(1, 0).direction, start.direction)
  const down = subtract(view.ray(0, 1).direction, start.direction)
  return (x, y, id, depth, share) => {
    const direction: Vec3 = along(start.direction, right, down, x, y)
    if (id < 0) return addSky(direction, share)
    const { shape, solid } = targets[id]!
    const ray = rays[id]!
    const local = along(ray.direction, ray.directionX, ray.directionY, x, y)
    const point = addScaled(ray.origin, local, depth)
    const normal = rotate(shape.rotation, solid.normal(point[0], point[1], point[2]))
    const lamp = shadows(addScaled(start.origin, direction, depth), normal)
    const isFloor = shape.checker !== undefined
    const dark = isFloor ? darkShare(ray, local, point, depth, samples, shape.checker!) : 0
    // Floors are dull: a highlight there would only wander about.
    const mirrored = isFloor || lamp === 0 ? 0 : 0.12 * lamp * mirroring(direction, normal)
    const spread = (1 - 0.22 * dark) * reflectance(normal, lamp)
    const colour = colours[id]!
    for (let i = 0; i < 3; i++) light[i]! += share * (spread * colour[i]! + mirrored)
  }

  function addSky(direction: Vec3, share: number): void {
    const height = Math.min(1, (1.6 * Math.max(0, direction[2])) / length(direction))
    for (let i = 0; i < 3; i++) light[i]! += share * (horizon[i]! + height * (zenith[i]! - horizon[i]!))
  }
}

/** What a white surface sends back of the lamp, and of sky and ground all round. */
const reflectance = (normal: Vec3, lamp: number): number =>
  0.36 + 0.12 * normal[2] + 0.72 * lamp * Math.max(0, dot(normal, towardsLight))

/** start + x right + y down */
const along = (start: Vec3, right: Vec3, down: Vec3, x: number, y: number): Vec3 => [
  start[0] + x * right[0] + y * down[0],
  start[1] + x * right[1] + y * down[1],
  start[2] + x * right[2] + y * down[2],
]

/** Blinn's highlight: how nearly the surface faces the middle between lamp and eye, to the 32nd power. */
function mirroring(direction: Vec3, normal: Vec3): number {
  const half = addScaled(towardsLight, direction, -1 / length(direction))
  let power = Math.max(0, dot(normal, half) / length(half))
  for (let i = 0; i < 5; i++) power *= power
  return power
}

/** Share of a checker's dark squares in what a pixel covers of a floor, around a point of it. */
function darkShare(
  ray: LocalRays,
  direction: Vec3,
  [x, y]: Vec3,
  depth: number,
  samples: number,
  side: number,
): number {
  // By how much the point where a ray meets the floor moves as the ray turns by a column or a row.
  const move = (axis: 0 | 1, turn: Vec3) => depth * (turn[axis] - (turn[2] / direction[2]) * direction[axis])
  const width = (axis: 0 | 1) =>
    (samples * (Math.abs(move(axis, ray.directionX)) + Math.abs(move(axis, ray.directionY)))) / side
  return checker(x / side, width(0), y / side, width(1))
}

/** Share of dark squares (of side 1) in a window of given width around a point: exact, so that nothing flickers. */
function checker(x: number, widthX: number, y: number, widthY: number): number {
  return 0.5 - 0.5 * meanSquareWave(x, widthX) * meanSquareWave(y, widthY)
}

/** Mean over [x − w/2, x + w/2] of the wave that is 1 on [0, 1), −1 on [1, 2), and so on. */
function meanSquareWave(x: number, w: number): number {
  const integral = (at: number) => {
    const phase = at - 2 * Math.floor(at / 2)
    return phase < 1 ? phase : 2 - phase
  }
  return (integral(x + w / 2) - integral(x - w / 2)) / Math.max(w, 1e-9)
}
