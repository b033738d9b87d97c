import { type Rng, restoreRng, rngStateSchema } from '@revflow/core'
import { z } from 'zod'

/**
 * Correlations from one decision to the next of the processes that pink noise is a sum of, 1 − 4^−j: memories of 1, 4,
 * 16, 64 and 256 decisions, spread evenly over the logarithm, so that power falls as 1/f between them.
 */
const CORRELATIONS = [0, 1, 2, 3, 4].map((j) => 1 - 4 ** -j)

/** Everything pink noise needs to go on: plain JSON. */
export const pinkNoiseStateSchema = z.strictObject({
  rng: rngStateSchema,
  /** The processes of each number drawn in a decision, [numbers][processes]. */
  processes: z.array(z.array(z.number()).length(CORRELATIONS.length)),
})
/** What {@link PinkNoise.state} gives. */
export type PinkNoiseState = z.infer<typeof pinkNoiseStateSchema>

/** Noise for exploration whose numbers are correlated from one decision to the next. Mutable: each draw advances it. */
export interface PinkNoise {
  /**
   * The generator of one decision. The i-th number it draws has the law it has from any generator, and is correlated
   * with the i-th number of earlier decisions: of normals k decisions apart by mean_j ρ_j^k.
   */
  decision(): Rng
  /** A snapshot; `restorePinkNoise` continues from it bit for bit. */
  state(): PinkNoiseState
}

/**
 * Pink noise for exploration (after Eberhard et al., "Pink Noise Is All You Need", ICLR 2023): a policy that makes its
 * action of noise, whatever method learned it, moves for many decisions in one direction, and its law in each state
 * stays what it is.
 */
export const createPinkNoise = (rng: Rng): PinkNoise => pinkNoise(rng, [])

/** Continues from a snapshot made by {@link PinkNoise.state}. @throws ZodError where the snapshot is malformed */
export function restorePinkNoise(snapshot: PinkNoiseState): PinkNoise {
  const { rng, processes } = pinkNoiseStateSchema.parse(snapshot)
  return pinkNoise(restoreRng(rng), processes)
}

function pinkNoise(rng: Rng, processes: number[][]): PinkNoise {
  /** The next normal of process set i, which begins in its stationary law. */
  const advance = (i: number) => {
    const before = processes[i]
    const now = CORRELATIONS.map((rho, j) =>
      before ? rho * before[j]! + Math.sqrt(1 - rho * rho) * rng.normal() : rng.normal(),
    )
    processes[i] = now
    return now.reduce((sum, value) => sum + value, 0) / Math.sqrt(now.length)
  }
  return {
    decision() {
      let drawn = 0
      const normal = () => advance(drawn++)
      const uniform = () => normalCdf(normal())
      const fill = <A extends Float32Array | Float64Array>(out: A, draw: () => number): A => {
        for (let i = 0; i < out.length; i++) out[i] = draw()
        return out
      }
      return {
        ...rng,
        normal,
        uniform,
        fillNormal: (out, scale = 1) => fill(out, () => scale * normal()),
        fillUniform: (out, low = 0, high = 1) => fill(out, () => low + (high - low) * uniform()),
      }
    },
    state: () => ({ rng: rng.state(), processes: structuredClone(processes) }),
  }
}

/** Φ(x), within 8e-8 (Abramowitz and Stegun, 7.1.26). */
function normalCdf(x: number): number {
  const z = Math.abs(x) / Math.SQRT2
  const u = 1 / (1 + 0.3275911 * z)
  const series = u * (0.254829592 + u * (-0.284496736 + u * (1.421413741 + u * (-1.453152027 + u * 1.061405429))))
  const tail = (series * Math.exp(-z * z)) / 2
  return x < 0 ? tail : 1 - tail
}
