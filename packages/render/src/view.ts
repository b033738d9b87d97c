import { addScaled, type Mat3, rotate, subtract, unrotate, type Vec3 } from './vector.ts'

/** Where a picture is taken from, as MuJoCo's cameras are: looking along −z, with x to the right and y up. */
export interface Camera {
  readonly position: Vec3
  readonly rotation: Mat3
  /** Vertical field of view, degrees. */
  readonly fovy: number
}

/** A grid of rays, one through the middle of each pixel. Origin and direction are affine in column and row. */
export interface View {
  readonly width: number
  readonly height: number
  /** Ray of column x and row y; t along it is the depth. */
  ray(x: number, y: number): { origin: Vec3; direction: Vec3 }
  /** Column, row (not rounded) and depth of a point. */
  project(point: Vec3): Vec3
}

/** What a camera sees. */
export function perspectiveView({ position, rotation, fovy }: Camera, width: number, height: number): View {
  const pixel = (2 * Math.tan((fovy * Math.PI) / 360)) / height
  return {
    width,
    height,
    ray: (x, y) => ({ origin: position, direction: rotate(rotation, [...place(x, y, width, height, pixel), -1]) }),
    project(point) {
      const [x, y, z] = unrotate(rotation, subtract(point, position))
      return [-x / z / pixel + (width - 1) / 2, y / z / pixel + (height - 1) / 2, -z]
    },
  }
}

/** What a distant lamp sees: parallel rays over a square of `size` pixels, each of side `pixel`. */
export function parallelView(position: Vec3, rotation: Mat3, size: number, pixel: number): View {
  const direction = rotate(rotation, [0, 0, -1])
  return {
    width: size,
    height: size,
    ray: (x, y) => ({
      origin: addScaled(position, rotate(rotation, [...place(x, y, size, size, pixel), 0]), 1),
      direction,
    }),
    project(point) {
      const [x, y, z] = unrotate(rotation, subtract(point, position))
      return [x / pixel + (size - 1) / 2, (size - 1) / 2 - y / pixel, -z]
    },
  }
}

/** A pixel's middle, from the middle of the picture, x to the right and y up. */
const place = (x: number, y: number, width: number, height: number, pixel: number): readonly [number, number] => [
  (x - (width - 1) / 2) * pixel,
  ((height - 1) / 2 - y) * pixel,
]
