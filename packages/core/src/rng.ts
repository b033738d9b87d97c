import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'
import { z } from 'zod'

/** Everything a generator needs to go on: plain JSON. */
export const rngStateSchema = z.strictObject({
  /** 128 bits of xoroshiro128+, as four signed 32-bit integers. */
  xoroshiro128plus: z.array(z.int32()).length(4),
  /** Second number of the last Box–Muller pair, or null. */
  spareNormal: z.number().nullable(),
})
/** The state of an {@link Rng}: plain JSON, which {@link rngStateSchema} checks. */
export type RngState = z.infer<typeof rngStateSchema>

/** A seedable, splittable, serialisable generator of random numbers. Mutable: each draw advances it. */
export interface Rng {
  /** Uniform on the open interval (0, 1), a multiple of 2⁻³² plus 2⁻³³. */
  uniform(): number
  /** Standard normal. */
  normal(): number
  /** Uniform integer in [0, n). @throws RangeError unless 1 ≤ n ≤ 2³². */
  integer(n: number): number
  /** Fills `out` with uniforms on [low, high], rounded to the array's precision; returns `out`. */
  fillUniform<A extends Float32Array | Float64Array>(out: A, low?: number, high?: number): A
  /** Fills `out` with independent normals N(0, scale²); returns `out`. */
  fillNormal<A extends Float32Array | Float64Array>(out: A, scale?: number): A
  /** A generator independent of this one, which moves on by four draws. */
  split(): Rng
  /** A snapshot; `restoreRng` continues from it bit for bit. */
  state(): RngState
}

/** Finaliser of MurmurHash3: every input bit reaches every output bit. */
function mix(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/**
 * Creates a generator.
 * @param seed any safe integer
 * @param stream names an independent stream of the same seed, so that one seed serves environment, replay and noise
 * @throws RangeError where `seed` is not a safe integer
 */
export function createRng(seed: number, stream = ''): Rng {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed: expected an integer, received ${seed}`)
  let hash = mix(seed | 0) ^ mix(Math.floor(seed / 2 ** 32) + 0x9e3779b9)
  for (let i = 0; i < stream.length; i++) hash = mix(Math.imul(hash, 31) + stream.charCodeAt(i))
  const words = [1, 2, 3, 4].map((i) => mix(hash + Math.imul(i, 0x9e3779b9)))
  return restoreRng({ xoroshiro128plus: words.some((w) => w !== 0) ? words : [1, 0, 0, 0], spareNormal: null })
}

/** Continues from a snapshot made by {@link Rng.state}. @throws ZodError where the snapshot is malformed. */
export function restoreRng(snapshot: RngState): Rng {
  const { xoroshiro128plus, spareNormal } = rngStateSchema.parse(snapshot)
  const generator = xoroshiro128plusFromState(xoroshiro128plus)
  let spare = spareNormal

  const uniform = () => ((generator.next() >>> 0) + 0.5) / 2 ** 32
  /** Box–Muller: two normals from two uniforms, so a stream's position never depends on the values drawn. */
  const normal = () => {
    if (spare !== null) {
      const value = spare
      spare = null
      return value
    }
    const radius = Math.sqrt(-2 * Math.log(uniform()))
    const angle = 2 * Math.PI * uniform()
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }

  return {
    uniform,
    normal,
    integer(n) {
      if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) throw new RangeError(`n: expected 1 … 2^32, received ${n}`)
      return Math.floor(uniform() * n)
    },
    fillUniform(out, low = 0, high = 1) {
      const width = high - low
      for (let i = 0; i < out.length; i++) out[i] = low + width * uniform()
      return out
    },
    fillNormal(out, scale = 1) {
      for (let i = 0; i < out.length; i++) out[i] = scale * normal()
      return out
    },
    split: () => restoreRng({ xoroshiro128plus: [1, 2, 3, 4].map(() => mix(generator.next())), spareNormal: null }),
    state: () => ({ xoroshiro128plus: [...generator.getState()], spareNormal: spare }),
  }
}
