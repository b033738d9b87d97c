import { dw4 } from './dw4.ts'
import { lj13 } from './lj13.ts'
import { mixture } from './mixture.ts'

/** The energies by name. */
export const energies = { mixture, dw4, lj13 }
export type EnergyName = keyof typeof energies
