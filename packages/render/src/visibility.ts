import type { Shape } from './scene.ts'
import { type Solid, solids } from './solids.ts'
import { addScaled, rotate, subtract, unrotate, type Vec3 } from './vector.ts'
import type { View } from './view.ts'

/** A shape ready for rays. */
export interface Target {
  readonly shape: Shape
  readonly solid: Solid
}

export const targetOf = (shape: Shape): Target => ({ shape, solid: solids[shape.kind](shape.size, shape.heights) })

/** What each ray of a view meets first. */
export interface Visible {
  /** Index of the target, −1 for none; [height · width]. */
  readonly ids: Int16Array
  /** Depth of the hit, Infinity for none; [height · width]. */
  readonly depths: Float32Array
}

/**
 * Casts a view's rays, a shape at a time over the pixels its box covers: most rays meet few shapes.
 * @param samples side of the block of rays that share a pixel: a translucent shape stops that share of them which its
 * opacity says, so that shapes need no order
 */
export function cast(view: View, targets: readonly Target[], samples = 1): Visible {
  const { width, height } = view
  const ids = new Int16Array(width * height).fill(-1)
  const depths = new Float32Array(width * height).fill(Number.POSITIVE_INFINITY)
  for (const [id, { shape, solid }] of targets.entries()) {
    const { left, right, top, bottom } = coverage(view, shape, solid)
    const { origin, direction, originX, originY, directionX, directionY } = localRays(view, shape)
    const isStopped = screenDoor(shape.colour[3], samples)
    for (let y = top; y <= bottom; y++)
      for (let x = left; x <= right; x++) {
        const t = solid.hit(
          origin[0] + x * originX[0] + y * originY[0],
          origin[1] + x * originX[1] + y * originY[1],
          origin[2] + x * originX[2] + y * originY[2],
          direction[0] + x * directionX[0] + y * directionY[0],
          direction[1] + x * directionX[1] + y * directionY[1],
          direction[2] + x * directionX[2] + y * directionY[2],
        )
        const at = y * width + x
        if (t < depths[at]! && isStopped(x, y)) {
          depths[at] = t
          ids[at] = id
        }
      }
  }
  return { ids, depths }
}

export type LocalRays = ReturnType<typeof localRays>

/** The rays of a view in the frame of a shape: at column 0 and row 0, and what a column and a row add. */
export function localRays(view: View, { position, rotation }: Shape) {
  const at = (x: number, y: number) => {
    const { origin, direction } = view.ray(x, y)
    return { origin: unrotate(rotation, subtract(origin, position)), direction: unrotate(rotation, direction) }
  }
  const [start, right, down] = [at(0, 0), at(1, 0), at(0, 1)]
  return {
    ...start,
    originX: subtract(right.origin, start.origin),
    originY: subtract(down.origin, start.origin),
    directionX: subtract(right.direction, start.direction),
    directionY: subtract(down.direction, start.direction),
  }
}

/** Corners of a shape's bounding box in the world; none where it has no bounds. */
export function corners({ shape, solid: { bounds } }: Target): Vec3[] {
  if (!bounds) return []
  const signs = [-1, 1]
  return signs.flatMap((a) =>
    signs.flatMap((b) =>
      signs.map((c) => {
        const corner: Vec3 = [a * bounds[0], b * bounds[1], c * bounds[2]]
        return addScaled(shape.position, rotate(shape.rotation, corner), 1)
      }),
    ),
  )
}

/** The pixels a shape can be seen in. */
function coverage(view: View, shape: Shape, solid: Solid) {
  const { width, height } = view
  const projected = corners({ shape, solid }).map((corner) => view.project(corner))
  // Without bounds, or around the eye: everywhere.
  if (projected.length === 0 || projected.some(([, , depth]) => depth <= 1e-6))
    return { left: 0, right: width - 1, top: 0, bottom: height - 1 }
  const columns = projected.map(([x]) => x)
  const rows = projected.map(([, y]) => y)
  return {
    left: Math.max(0, Math.ceil(Math.min(...columns))),
    right: Math.min(width - 1, Math.floor(Math.max(...columns))),
    top: Math.max(0, Math.ceil(Math.min(...rows))),
    bottom: Math.min(height - 1, Math.floor(Math.max(...rows))),
  }
}

/** Which rays of a pixel's block an opacity stops; 7 steps through the block spread them evenly. */
function screenDoor(alpha: number, samples: number): (x: number, y: number) => boolean {
  if (alpha >= 1) return () => true
  const n = samples * samples
  return (x, y) => {
    const rank = (7 * ((x % samples) + samples * (y % samples))) % n
    return rank + 0.5 < alpha * n
  }
}
