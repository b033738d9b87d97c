/** Distance of two points in an array of x, y, z triples, given where each starts. */
export function distance(points: Float64Array, a: number, b: number): number {
  return Math.hypot(points[b]! - points[a]!, points[b + 1]! - points[a + 1]!, points[b + 2]! - points[a + 2]!)
}

/**
 * Turns a vector from world coordinates into those of a body's or geom's frame, in place: Rᵀv.
 * @param vector from index `at` on, three numbers
 * @param rotations `xmat` or `geom_xmat`: R of each body or geom, row by row
 */
export function turnIntoFrame(vector: Float64Array, at: number, rotations: Float64Array, id: number): void {
  const x = vector[at]!
  const y = vector[at + 1]!
  const z = vector[at + 2]!
  for (let i = 0; i < 3; i++) {
    const axis = 9 * id + i
    vector[at + i] = rotations[axis]! * x + rotations[axis + 3]! * y + rotations[axis + 6]! * z
  }
}

/** Scales a vector to norm 1, in place. */
export function normalise(vector: Float64Array): void {
  const norm = Math.hypot(...vector)
  for (let i = 0; i < vector.length; i++) vector[i]! /= norm
}
