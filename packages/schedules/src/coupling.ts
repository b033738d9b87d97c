import type { Rng } from '@revflow/core'
import type { Source } from './sources/source.ts'

/** A joint law of noise and data, for conditional flow matching: its marginals are p0 and p1. */
export interface Coupling {
  readonly name: string
  /** n pairs, [n · d] each, row-major. */
  draw(rng: Rng, n: number): { readonly x0: Float32Array; readonly x1: Float32Array }
}

/** X0 and X1 independent: the coupling of every derivation here unless another is given. */
export const independentCoupling = (source: Source, data: Pick<Source, 'draw'>): Coupling => ({
  name: 'independent',
  draw: (rng, n) => ({ x0: source.draw(rng, n), x1: data.draw(rng, n) }),
})
