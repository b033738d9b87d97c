import { fieldOf } from '../mujoco.ts'
import type { MujocoEnv } from '../mujoco-env.ts'
import type { ResetStatistics } from './schemas.ts'

/** Outcome of the statistical comparison of resets. */
export interface ResetComparison {
  readonly ok: boolean
  /** Tests made. */
  readonly compared: number
  /** Largest |z| of all tests: asymptotically standard normal where the distributions agree. */
  readonly error: number
  /** Largest |z| allowed. */
  readonly tolerance: number
  /** Two-sided p-value of one test at the tolerance. */
  readonly pValue: number
  readonly worst?: string
}

/** |z| whose two-sided p-value is 1e-6: with 300 tests a false alarm in 3,000 runs. */
const largestZ = 4.891638475699
const pValue = 1e-6
/** Spread below this is that of a constant. */
const constantSpread = 1e-9

interface RecordedMoments {
  mean: number
  std: number
  min: number
  max: number
}

interface Moments extends RecordedMoments {
  /** Fourth standardised moment, which decides how exactly a sample tells the spread. */
  kurtosis: number
}

function momentsOf(values: readonly number[]): Moments {
  const n = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  const central = (power: number) => values.reduce((sum, value) => sum + (value - mean) ** power, 0) / n
  const variance = central(2)
  const [min, max] = [Math.min(...values), Math.max(...values)]
  return { mean, std: Math.sqrt(variance), min, max, kurtosis: variance > 0 ? central(4) / variance ** 2 : 1 }
}

interface Samples {
  readonly rows: Record<string, number[][]>
}

function drawSamples(env: MujocoEnv, resets: number, recorded: ResetStatistics): Samples {
  const rows: Record<string, number[][]> = {}
  const add = (name: string, values: ArrayLike<number>) => {
    rows[name] ??= []
    rows[name].push(Array.from(values))
  }
  for (let i = 0; i < resets; i++) {
    env.reset(i === 0 ? 0 : undefined)
    const { data, model } = env.physics
    add('qpos', fieldOf(data, 'qpos')!)
    add('qvel', fieldOf(data, 'qvel')!)
    const { observation, reward } = env.evaluate()
    let offset = 0
    for (const { name, size } of env.observationSpace.entries) {
      add(`observation.${name}`, observation.subarray(offset, offset + size))
      offset += size
    }
    for (const { field, index, mean } of recorded.model_params)
      add(`${field}[${index}]`, fieldOf(model, field)!.subarray(index * mean.length, (index + 1) * mean.length))
    add('reward', [reward])
    add('reward is 0', [Number(reward === 0)])
  }
  return { rows }
}

/** The recorded mean and spread of everything drawn, by the names `drawSamples` uses. */
function recordedMoments(recorded: ResetStatistics): Record<string, { [M in keyof RecordedMoments]: number[] }> {
  const { mean, std, min, max, fraction_zero: zero } = recorded.reward_at_reset
  return {
    qpos: recorded.qpos,
    qvel: recorded.qvel,
    ...Object.fromEntries(Object.entries(recorded.observation).map(([name, m]) => [`observation.${name}`, m])),
    ...Object.fromEntries(recorded.model_params.map((m) => [`${m.field}[${m.index}]`, m])),
    reward: { mean: [mean], std: [std], min: [min], max: [max] },
    'reward is 0': { mean: [zero], std: [Math.sqrt(zero * (1 - zero))], min: [0], max: [1] },
  }
}

/** Values of a sample of n that differ from `constant`: at least so many, by its spread and its extremes. */
function leastDiffering({ mean, std, min, max }: RecordedMoments, n: number, constant: number): number {
  const reach = Math.max(Math.abs(max - constant), Math.abs(min - constant))
  return (n * (std ** 2 + (mean - constant) ** 2)) / reach ** 2
}

/** |z| of k values in a sample of n, none in one of m: the root of the likelihood ratio of separate and common rates. */
function rareEvents(k: number, n: number, m: number): number {
  const commonMiss = 1 - k / (n + m)
  const inSample = k * Math.log((n + m) / n) + (k < n ? (n - k) * Math.log((1 - k / n) / commonMiss) : 0)
  return Math.sqrt(2 * (inSample - m * Math.log(commonMiss)))
}

/**
 * |z| of two sample means (Welch) and of two sample variances on a log scale, each relative to its standard error.
 * Where one sample is constant, the spread of the other may be that of a rare event: its |z| then says how rare.
 */
function zScores(ours: Moments, n: number, theirs: RecordedMoments, m: number) {
  const distance = Math.abs(ours.mean - theirs.mean)
  const [constant, recordedConstant] = [ours.std < constantSpread, theirs.std < constantSpread]
  if (constant && recordedConstant) return { mean: distance < constantSpread ? 0 : Infinity, spread: 0 }
  const mean = distance / Math.sqrt(ours.std ** 2 / n + theirs.std ** 2 / m)
  if (constant) return { mean, spread: rareEvents(leastDiffering(theirs, m, ours.mean), m, n) }
  if (recordedConstant) return { mean, spread: rareEvents(leastDiffering(ours, n, theirs.mean), n, m) }
  const spread = Math.abs(2 * Math.log(ours.std / theirs.std)) / Math.sqrt((ours.kurtosis - 1) * (1 / n + 1 / m))
  return { mean, spread }
}

/**
 * Resets `env` (seed 0) and tests mean and spread of coordinates, velocities, observation, written model fields and
 * reward against the recorded ones: |z| ≤ 4.89 each, p = 1e-6 two-sided. Rewards that are hit or miss have their
 * spread in their mean, so only that is tested.
 * @param resets at least 100, or the normal approximation does not hold
 */
export function compareResets(env: MujocoEnv, recorded: ResetStatistics, resets = 400): ResetComparison {
  const { rows } = drawSamples(env, resets, recorded)
  let worst = { z: 0, where: '' }
  let compared = 0
  const note = (where: string, z: number) => {
    compared++
    if (!(z <= worst.z)) worst = { z, where }
  }
  for (const [name, theirs] of Object.entries(recordedMoments(recorded))) {
    const width = rows[name]?.[0]?.length ?? 0
    if (width !== theirs.mean.length) note(`${name}: ${width} numbers, expected ${theirs.mean.length}`, Infinity)
    for (let i = 0; i < width; i++) {
      const ours = momentsOf(rows[name]!.map((values) => values[i]!))
      const recordedHere = {
        mean: theirs.mean[i]!,
        std: theirs.std[i]!,
        min: theirs.min[i]!,
        max: theirs.max[i]!,
      }
      const z = zScores(ours, resets, recordedHere, recorded.resets)
      note(`${name}[${i}]: mean ${ours.mean}, recorded ${recordedHere.mean}`, z.mean)
      if (!name.startsWith('reward')) note(`${name}[${i}]: spread ${ours.std}, recorded ${recordedHere.std}`, z.spread)
    }
  }
  const ok = worst.z <= largestZ
  return { ok, compared, error: worst.z, tolerance: largestZ, pValue, ...(worst.where && { worst: worst.where }) }
}
