/** A point, direction or size in three dimensions. */
export type Vec3 = readonly [x: number, y: number, z: number]
/** A rotation, row-major: its columns are the axes of a frame, seen from the world. */
export type Mat3 = readonly [number, number, number, number, number, number, number, number, number]

export const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
export const subtract = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
/** a + k b */
export const addScaled = (a: Vec3, b: Vec3, k: number): Vec3 => [a[0] + k * b[0], a[1] + k * b[1], a[2] + k * b[2]]
export const cross = (a: Vec3, b: Vec3): Vec3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
]

/** Math.hypot, but ten times as fast. */
export const length = (a: Vec3): number => Math.sqrt(dot(a, a))

export function normalise(a: Vec3): Vec3 {
  const n = length(a)
  return [a[0] / n, a[1] / n, a[2] / n]
}

/** m v: from a frame to the world. */
export const rotate = (m: Mat3, v: Vec3): Vec3 => [
  m[0] * v[0] + m[1] * v[1] + m[2] * v[2],
  m[3] * v[0] + m[4] * v[1] + m[5] * v[2],
  m[6] * v[0] + m[7] * v[1] + m[8] * v[2],
]

/** mᵀ v: from the world to a frame. */
export const unrotate = (m: Mat3, v: Vec3): Vec3 => [
  m[0] * v[0] + m[3] * v[1] + m[6] * v[2],
  m[1] * v[0] + m[4] * v[1] + m[7] * v[2],
  m[2] * v[0] + m[5] * v[1] + m[8] * v[2],
]

/** A frame whose z axis is `z` (of length 1) and whose x axis is as level as can be. */
export function frameAlong(z: Vec3): Mat3 {
  const x = normalise(Math.abs(z[2]) < 0.999 ? cross([0, 0, 1], z) : cross([0, 1, 0], z))
  const y = cross(z, x)
  return [x[0], y[0], z[0], x[1], y[1], z[1], x[2], y[2], z[2]]
}
