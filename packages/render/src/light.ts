import { dot, frameAlong, normalise, rotate, unrotate, type Vec3 } from './vector.ts'
import { parallelView } from './view.ts'
import { cast, corners, type Target } from './visibility.ts'

/** Towards the lamp: high, to the left of and behind a viewer who looks along +y. */
export const towardsLight: Vec3 = normalise([-0.35, -0.45, 0.82])

const mapSize = 512
/** Side of the square of map pixels a shadow's edge is blurred over. */
const blur = 5

/** How much of the lamp a point of a surface sees, in [0, 1]. */
export type Shadows = (point: Vec3, normal: Vec3) => number

/**
 * The lamp's own picture of the scene tells what is in shadow. Opaque bounded shapes cast shadows, floors and height
 * fields only receive them.
 */
export function castShadows(targets: readonly Target[]): Shadows {
  const casters = targets.filter(({ shape }) => !['plane', 'hfield'].includes(shape.kind) && shape.colour[3] === 1)
  if (casters.length === 0) return () => 1
  const rotation = frameAlong(towardsLight)
  const seen = casters.flatMap((caster) => corners(caster)).map((corner) => unrotate(rotation, corner))
  const range = (axis: 0 | 1 | 2) => {
    const values = seen.map((point) => point[axis])
    return { low: Math.min(...values), high: Math.max(...values) }
  }
  const [x, y, z] = [range(0), range(1), range(2)]
  const pixel = Math.max(x.high - x.low, y.high - y.low) / (mapSize - 2 * blur)
  const middle: Vec3 = [(x.low + x.high) / 2, (y.low + y.high) / 2, z.high + pixel]
  const view = parallelView(rotate(rotation, middle), rotation, mapSize, pixel)
  const { depths } = cast(view, casters)

  // Off the surface by a few pixels of the map, or it would shadow itself.
  const gap = 2.5 * pixel
  return ([x, y, z], normal) => {
    if (dot(normal, towardsLight) <= 0) return 0
    const [column, row, depth] = view.project([x + gap * normal[0], y + gap * normal[1], z + gap * normal[2]])
    const left = column - blur / 2
    const top = row - blur / 2
    if (left < 0 || top < 0 || left + blur + 1 >= mapSize || top + blur + 1 >= mapSize) return 1
    return litShare(depths, left, top, depth)
  }
}

/** Share of the square of side `blur` at (left, top) in which nothing is nearer to the lamp than `depth`. */
function litShare(depths: Float32Array, left: number, top: number, depth: number): number {
  const [x0, y0] = [Math.floor(left), Math.floor(top)]
  const [u, v] = [left - x0, top - y0]
  let lit = 0
  for (let j = 0; j <= blur; j++) {
    const rowWeight = j === 0 ? 1 - v : j === blur ? v : 1
    for (let i = 0; i <= blur; i++) {
      const weight = i === 0 ? 1 - u : i === blur ? u : 1
      if (depths[(y0 + j) * mapSize + x0 + i]! >= depth) lit += weight * rowWeight
    }
  }
  return lit / (blur * blur)
}
