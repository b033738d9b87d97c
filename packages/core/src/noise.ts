import type { Rng } from './rng.ts'

/** What a pure function asks of the generator: its noise is an input, drawn on the host beforehand. */
export interface NoiseSpec {
  /** Shape of the tensor. */
  readonly shape: readonly number[]
  /** Standard normal, or uniform on [0, 1]. */
  readonly law: 'normal' | 'uniform'
}

/** Draws the noise a specification asks for, row-major float32; into `out` where given. */
export function drawNoise(
  rng: Rng,
  spec: NoiseSpec,
  out: Float32Array = new Float32Array(spec.shape.reduce((a, b) => a * b, 1)),
): Float32Array {
  return spec.law === 'normal' ? rng.fillNormal(out) : rng.fillUniform(out)
}
