import type { Heights, ShapeKind } from './solids.ts'
import type { Mat3, Vec3 } from './vector.ts'

/** Red, green, blue and opacity, in [0, 1], as screens take them (sRGB) and MuJoCo stores them. */
export type Colour = readonly [red: number, green: number, blue: number, alpha: number]

/** A coloured solid in the world. */
export interface Shape {
  readonly kind: ShapeKind
  /** As `geom_size`. */
  readonly size: Vec3
  readonly position: Vec3
  readonly rotation: Mat3
  readonly colour: Colour
  /** Side of a checker's squares, m; none where absent. */
  readonly checker?: number
  /** Of a height field. */
  readonly heights?: Heights
}

/** What there is to see. */
export type Scene = readonly Shape[]
