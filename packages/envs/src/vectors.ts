/** Distance of two points in an array of x, y, z triples, given where each starts. */
export function distance(points: Float64Array, a: number, b: number): number {
  return Math.hypot(points[b]! - points[a]!, points[b + 1]! - points[a + 1]!, points[b + 2]! - points[a + 2]!)
}
