import type { Colour } from './scene.ts'

/** What a geom without a colour of its own is part of. */
export type Role = { readonly body: number } | 'floor' | 'wall' | 'fixture' | 'target' | 'tendon'

/** Neighbours in a chain of limbs differ in hue and in lightness. */
const limbs: readonly Colour[] = [
  [0.16, 0.4, 0.66, 1],
  [0.93, 0.62, 0.2, 1],
  [0.22, 0.6, 0.47, 1],
  [0.55, 0.44, 0.75, 1],
  [0.44, 0.73, 0.87, 1],
  [0.69, 0.5, 0.31, 1],
  [0.93, 0.83, 0.41, 1],
  [0.3, 0.36, 0.45, 1],
]

/** The colour of a role. Red is for targets alone, and lets through what is in them. */
export function paletteColour(role: Role): Colour {
  if (typeof role === 'object') return limbs[role.body % limbs.length]!
  if (role === 'floor') return [0.84, 0.85, 0.86, 1]
  if (role === 'wall') return [0.78, 0.79, 0.81, 1]
  if (role === 'target') return [0.87, 0.16, 0.16, 0.7]
  return role === 'fixture' ? [0.62, 0.64, 0.67, 1] : [0.25, 0.25, 0.27, 1]
}
