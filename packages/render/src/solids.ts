import { normalise, type Vec3 } from './vector.ts'

/** A height field: `data` in [0, 1], row-major, rows along y. */
export interface Heights {
  readonly rows: number
  readonly columns: number
  readonly data: ArrayLike<number>
}

/** Kinds and sizes as in MuJoCo (`geom_type`, `geom_size`), in metres. */
export type ShapeKind = 'plane' | 'sphere' | 'capsule' | 'ellipsoid' | 'cylinder' | 'box' | 'hfield'

/** A body's surface in its own frame, as rays meet it. */
export interface Solid {
  /** Half the sides of a box around it, centred on the origin; undefined where it has no bounds. */
  readonly bounds: Vec3 | undefined
  /** Flat faces meet in edges inside its outline, so that one look a pixel does not do. */
  readonly edged: boolean
  /** Distance t ≥ 0, in units of (dx, dy, dz), at which the ray o + t d enters it; Infinity where it does not. */
  hit(ox: number, oy: number, oz: number, dx: number, dy: number, dz: number): number
  /** Outward normal at a point of the surface, of length 1. */
  normal(x: number, y: number, z: number): Vec3
}

/** A kind of solid, for a `geom_size`. */
export const solids: Readonly<Record<ShapeKind, (size: Vec3, heights?: Heights) => Solid>> = {
  plane,
  sphere: ([r]) => ellipsoid([r, r, r]),
  ellipsoid,
  capsule,
  cylinder,
  box,
  hfield: (size, heights) => hfield(size, heights!),
}

/** Half sizes (x, y), 0 for endless. Seen from above only, as in MuJoCo. */
function plane([halfX, halfY]: Vec3): Solid {
  const limitX = halfX > 0 ? halfX : Number.POSITIVE_INFINITY
  const limitY = halfY > 0 ? halfY : Number.POSITIVE_INFINITY
  return {
    bounds: halfX > 0 && halfY > 0 ? [halfX, halfY, 0] : undefined,
    edged: false,
    hit(ox, oy, oz, dx, dy, dz) {
      if (oz <= 0 || dz >= 0) return Number.POSITIVE_INFINITY
      const t = -oz / dz
      return Math.abs(ox + t * dx) <= limitX && Math.abs(oy + t * dy) <= limitY ? t : Number.POSITIVE_INFINITY
    },
    normal: () => [0, 0, 1],
  }
}

/** First root of a t² + 2 b t + c, if it is in front. */
function firstRoot(a: number, b: number, c: number): number {
  const discriminant = b * b - a * c
  if (discriminant < 0) return Number.POSITIVE_INFINITY
  const t = (-b - Math.sqrt(discriminant)) / a
  return t >= 0 ? t : Number.POSITIVE_INFINITY
}

function ellipsoid(size: Vec3): Solid {
  const [a, b, c] = size
  return {
    bounds: size,
    edged: false,
    // A unit sphere, once every axis is measured in its radius.
    hit(ox, oy, oz, dx, dy, dz) {
      const [px, py, pz, qx, qy, qz] = [ox / a, oy / b, oz / c, dx / a, dy / b, dz / c]
      return firstRoot(qx * qx + qy * qy + qz * qz, px * qx + py * qy + pz * qz, px * px + py * py + pz * pz - 1)
    },
    normal(x, y, z) {
      return normalise([x / (a * a), y / (b * b), z / (c * c)])
    },
  }
}

/** Radius, half length of the straight part along z. */
function capsule([r, half]: Vec3): Solid {
  return {
    bounds: [r, r, half + r],
    edged: false,
    hit(ox, oy, oz, dx, dy, dz) {
      const a = dx * dx + dy * dy
      const b = ox * dx + oy * dy
      const c = ox * ox + oy * oy - r * r
      // Outside the endless cylinder there is nothing; where the ray enters it tells which part it meets first.
      if (b * b < a * c || (a === 0 && c > 0)) return Number.POSITIVE_INFINITY
      const side = firstRoot(a, b, c)
      const z = a > 0 && side < Number.POSITIVE_INFINITY ? oz + side * dz : -dz * Number.POSITIVE_INFINITY
      if (Math.abs(z) <= half) return side
      const pz = oz - (z > 0 ? half : -half)
      return firstRoot(a + dz * dz, b + pz * dz, ox * ox + oy * oy + pz * pz - r * r)
    },
    normal(x, y, z) {
      const dz = Math.abs(z) <= half ? 0 : z - Math.sign(z) * half
      return [x / r, y / r, dz / r]
    },
  }
}

/** Radius, half length along z. */
function cylinder([r, half]: Vec3): Solid {
  return {
    bounds: [r, r, half],
    edged: true,
    hit(ox, oy, oz, dx, dy, dz) {
      const a = dx * dx + dy * dy
      const b = ox * dx + oy * dy
      const c = ox * ox + oy * oy - r * r
      const discriminant = b * b - a * c
      if (discriminant < 0 || (a === 0 && c > 0)) return Number.POSITIVE_INFINITY
      const root = Math.sqrt(discriminant)
      const near = Math.max(a > 0 ? (-b - root) / a : Number.NEGATIVE_INFINITY, slabEntry(oz, dz, half))
      const far = Math.min(a > 0 ? (-b + root) / a : Number.POSITIVE_INFINITY, slabExit(oz, dz, half))
      return near >= 0 && near <= far ? near : Number.POSITIVE_INFINITY
    },
    normal(x, y, z) {
      const rho = Math.hypot(x, y)
      return half - Math.abs(z) < r - rho ? [0, 0, Math.sign(z)] : [x / rho, y / rho, 0]
    },
  }
}

/** Half sides. */
function box(size: Vec3): Solid {
  const [a, b, c] = size
  return {
    bounds: size,
    edged: true,
    hit(ox, oy, oz, dx, dy, dz) {
      const near = Math.max(slabEntry(ox, dx, a), slabEntry(oy, dy, b), slabEntry(oz, dz, c))
      const far = Math.min(slabExit(ox, dx, a), slabExit(oy, dy, b), slabExit(oz, dz, c))
      return near >= 0 && near <= far ? near : Number.POSITIVE_INFINITY
    },
    normal(x, y, z) {
      const [fx, fy, fz] = [a - Math.abs(x), b - Math.abs(y), c - Math.abs(z)]
      if (fx <= fy && fx <= fz) return [Math.sign(x), 0, 0]
      return fy <= fz ? [0, Math.sign(y), 0] : [0, 0, Math.sign(z)]
    },
  }
}

/** Where a ray enters the slab |x| ≤ half, along one axis. */
function slabEntry(o: number, d: number, half: number): number {
  if (d === 0) return Math.abs(o) <= half ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return ((d > 0 ? -half : half) - o) / d
}

function slabExit(o: number, d: number, half: number): number {
  if (d === 0) return Math.abs(o) <= half ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
  return ((d > 0 ? half : -half) - o) / d
}

/** Half sizes (x, y), height of data 1. Found by walking along the ray, a cell at a time: only its top is drawn. */
function hfield([halfX, halfY, top]: Vec3, { rows, columns, data }: Heights): Solid {
  const cellX = (2 * halfX) / (columns - 1)
  const cellY = (2 * halfY) / (rows - 1)
  /** Height over (x, y), interpolated within the cell. */
  const height = (x: number, y: number) => {
    const u = Math.min(Math.max((x + halfX) / cellX, 0), columns - 1.001)
    const v = Math.min(Math.max((y + halfY) / cellY, 0), rows - 1.001)
    const at = Math.floor(v) * columns + Math.floor(u)
    const [p, q] = [u % 1, v % 1]
    const low = data[at]! * (1 - p) + data[at + 1]! * p
    const high = data[at + columns]! * (1 - p) + data[at + columns + 1]! * p
    return top * (low * (1 - q) + high * q)
  }
  return {
    bounds: [halfX, halfY, top],
    edged: false,
    hit(ox, oy, oz, dx, dy, dz) {
      const near = Math.max(0, slabEntry(ox, dx, halfX), slabEntry(oy, dy, halfY), slabEntry(oz, dz, top))
      const far = Math.min(slabExit(ox, dx, halfX), slabExit(oy, dy, halfY), slabExit(oz, dz, top))
      const above = (t: number) => oz + t * dz - height(ox + t * dx, oy + t * dy)
      if (!(near < far) || above(near) < 0) return Number.POSITIVE_INFINITY
      const step = 1 / Math.max(Math.abs(dx) / cellX, Math.abs(dy) / cellY, Math.abs(dz) / top)
      let last = near
      for (let t = near + step; last < far; last = t, t += step) {
        let [free, under] = [last, Math.min(t, far)]
        if (above(under) > 0) continue
        for (let i = 0; i < 16; i++) {
          const middle = (free + under) / 2
          if (above(middle) > 0) free = middle
          else under = middle
        }
        return under
      }
      return Number.POSITIVE_INFINITY
    },
    normal(x, y) {
      const nx = height(x - cellX, y) - height(x + cellX, y)
      const ny = height(x, y - cellY) - height(x, y + cellY)
      return normalise([nx / (2 * cellX), ny / (2 * cellY), 1])
    },
  }
}
