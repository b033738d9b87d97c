import type { Rng } from './rng.ts'
import { directions } from './sobol-directions.ts'

const BITS = 32

/** Direction numbers V_1 … V_32 of a dimension, as 32-bit fractions. */
function directionNumbers([coefficients, ...initial]: readonly [number, ...number[]]): Uint32Array {
  const degree = initial.length
  const v = new Uint32Array(BITS)
  for (let i = 0; i < BITS; i++) {
    if (i < degree) {
      v[i] = initial[i]! << (BITS - 1 - i)
      continue
    }
    let value = v[i - degree]! ^ (v[i - degree]! >>> degree)
    for (let k = 1; k < degree; k++) if ((coefficients >>> (degree - 1 - k)) & 1) value ^= v[i - k]!
    v[i] = value
  }
  return v
}

/** The first dimension is van der Corput's sequence. */
const vanDerCorput = Uint32Array.from({ length: BITS }, (_, i) => 1 << (BITS - 1 - i))
const tables: Uint32Array[] = [vanDerCorput]
const tableOf = (dimension: number) => {
  tables[dimension] ??= directionNumbers(directions[dimension - 1]!)
  return tables[dimension]
}

/** Greatest dimension of {@link fillSobol}'s nets; coordinates past it are plain uniforms. */
export const SOBOL_DIMENSIONS = directions.length + 1

/** Coordinate `dimension` of point k of the unscrambled sequence, as a 32-bit fraction. */
function sobolBits(k: number, dimension: number): number {
  const v = tableOf(dimension)
  let x = 0
  for (let i = 0, bits = k; bits !== 0; i++, bits >>>= 1) if (bits & 1) x ^= v[i]!
  return x >>> 0
}

function reverseBits(value: number): number {
  let x = value
  x = ((x & 0x55555555) << 1) | ((x >>> 1) & 0x55555555)
  x = ((x & 0x33333333) << 2) | ((x >>> 2) & 0x33333333)
  x = ((x & 0x0f0f0f0f) << 4) | ((x >>> 4) & 0x0f0f0f0f)
  x = ((x & 0x00ff00ff) << 8) | ((x >>> 8) & 0x00ff00ff)
  return (x << 16) | (x >>> 16)
}

/**
 * Owen's nested uniform scrambling by hashing: in reversed order of the bits, each bit is changed by the ones before it
 * alone. S. Laine and T. Karras, "Stratified sampling for stochastic transparency" (2011); constants of B. Burley,
 * "Practical hash-based Owen scrambling", JCGT 9 (2020).
 */
function owenScramble(bits: number, seed: number): number {
  let x = reverseBits(bits)
  x = (x + seed) | 0
  x ^= Math.imul(x, 0x6c50b47c)
  x ^= Math.imul(x, 0xb82f1e52)
  x ^= Math.imul(x, 0xc7afe638)
  x ^= Math.imul(x, 0x8d22f6e6)
  return reverseBits(x) >>> 0
}

/** The unscrambled net of n points in d ≤ 64 dimensions, [n · d] 32-bit fractions; kept for the next call. */
const nets = new Map<string, Uint32Array>()
function netOf(n: number, d: number): Uint32Array {
  const key = `${n}×${d}`
  let net = nets.get(key)
  if (!net) {
    net = Uint32Array.from({ length: n * d }, (_, i) => sobolBits(Math.floor(i / d), i % d))
    nets.set(key, net)
  }
  return net
}

/**
 * Fills `out`, row-major [..., n, d], with nets of n Sobol points in [0, 1]^d, each net scrambled on its own: every
 * point is uniform, so that means stay unbiased, and the n points of a net cover the cube evenly, most so where n is a
 * power of 2. Coordinates past {@link SOBOL_DIMENSIONS} are plain uniforms. Returns `out`.
 */
export function fillSobol<A extends Float32Array | Float64Array>(rng: Rng, out: A, n: number, d: number): A {
  const spread = Math.min(d, SOBOL_DIMENSIONS)
  const net = netOf(n, spread)
  const seeds = new Int32Array(spread)
  for (let block = 0; block < out.length; block += n * d) {
    for (let j = 0; j < spread; j++) seeds[j] = rng.integer(2 ** 32)
    for (let k = 0; k < n; k++) {
      const row = block + k * d
      for (let j = 0; j < spread; j++) out[row + j] = (owenScramble(net[k * spread + j]!, seeds[j]!) + 0.5) / 2 ** 32
      for (let j = spread; j < d; j++) out[row + j] = rng.uniform()
    }
  }
  return out
}
