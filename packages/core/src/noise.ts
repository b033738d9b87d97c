import { lookUp } from './errors.ts'
import type { Rng } from './rng.ts'
import { fillSobol } from './sobol.ts'

/** A law of rows that draws for itself. */
export interface RowLaw {
  /** Length of a row. */
  readonly dim: number
  /** n rows, row-major. */
  draw(rng: Rng, n: number): Float32Array
}

/** What a pure function asks of the generator: its noise is an input, drawn on the host beforehand. */
export interface NoiseSpec {
  /** Shape of the tensor. */
  readonly shape: readonly number[]
  /**
   * Standard normal; uniform on [0, 1]; scrambled Sobol points, one net for each [K, d] of the last two axes; or rows
   * along the last axis of another law.
   */
  readonly law: 'normal' | 'uniform' | 'sobol' | RowLaw
}
/** Noise by name. */
export type NoiseSpecs = Readonly<Record<string, NoiseSpec>>

type Fill = (rng: Rng, out: Float32Array, shape: readonly number[]) => Float32Array
const laws: Readonly<Record<Extract<NoiseSpec['law'], string>, Fill>> = {
  normal: (rng, out) => rng.fillNormal(out),
  uniform: (rng, out) => rng.fillUniform(out),
  sobol: (rng, out, shape) => fillSobol(rng, out, shape.at(-2) ?? 1, shape.at(-1) ?? 1),
}

/**
 * Draws the noise a specification asks for, row-major float32; into `out` where given.
 * @throws RevflowError (`unknown-name`)
 */
export function drawNoise(
  rng: Rng,
  { shape, law }: NoiseSpec,
  out: Float32Array = new Float32Array(shape.reduce((a, b) => a * b, 1)),
): Float32Array {
  if (typeof law === 'string') return lookUp('noise.law', law, laws)(rng, out, shape)
  out.set(law.draw(rng, out.length / law.dim))
  return out
}
