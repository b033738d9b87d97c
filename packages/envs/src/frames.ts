/**
 * Writes a vector of world coordinates (x, y, z) in a body's frame: Rᵀ(x, y, z).
 * @param at index in `out` of the first of three numbers
 * @param rotation `xmat`: of each body, R row by row
 * @param body id of the body
 */
export function writeInFrame(
  out: Float64Array,
  at: number,
  rotation: Float64Array,
  body: number,
  x: number,
  y: number,
  z: number,
): void {
  for (let i = 0; i < 3; i++) {
    const axis = 9 * body + i
    out[at + i] = rotation[axis]! * x + rotation[axis + 3]! * y + rotation[axis + 6]! * z
  }
}
