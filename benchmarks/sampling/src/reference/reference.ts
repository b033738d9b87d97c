import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRng } from '@revflow/core'
import { z } from 'zod'
import type { Energy } from '../energies/energy.ts'
import { energies } from '../energies/index.ts'
import { evaluateEnergy } from '../evaluate.ts'
import { interatomicDistances, positions } from '../metrics/particles.ts'
import { freeEnergy } from './free-energy.ts'
import { temper } from './tempering.ts'

/** What reference samples say of an energy. */
export const referenceSchema = z.strictObject({
  energy: z.string(),
  method: z.string(),
  /** Independent chains, and samples of all of them. */
  chains: z.int(),
  samples: z.int(),
  logZ: z.number(),
  logZError: z.number(),
  /** Mean energy, with its standard error over the chains, and standard deviation. */
  meanEnergy: z.number(),
  meanEnergyError: z.number(),
  energyDeviation: z.number(),
  /** Mean over pairs of the interatomic distance, with its standard error. */
  meanDistance: z.number().optional(),
  meanDistanceError: z.number().optional(),
  /** Least rates of acceptance over replicas, of moves and of exchanges. */
  leastMoved: z.number().optional(),
  leastExchanged: z.number().optional(),
})
export type ReferenceSummary = z.output<typeof referenceSchema>

interface Recipe {
  readonly replicas: number
  /** λ_i = (i/(replicas − 1))^power */
  readonly power: number
  readonly chains: number
  readonly burnIn: number
  readonly moves: number
  readonly thin: number
  readonly leaps: number
}

/** Sizes that gave exchange rates over a half between all neighbours. */
export const recipes: Readonly<Record<string, Recipe>> = {
  dw4: { replicas: 10, power: 3, chains: 64, burnIn: 500, moves: 3000, thin: 30, leaps: 8 },
  lj13: { replicas: 24, power: 4, chains: 32, burnIn: 300, moves: 1000, thin: 10, leaps: 8 },
}

/** Reference samples: exact draws where the energy has them, parallel tempering else. */
export async function makeReference(
  energy: Energy,
  recipe: Recipe | undefined = recipes[energy.name],
): Promise<{ summary: ReferenceSummary; samples: Float32Array }> {
  if (energy.draw) {
    const samples = energy.draw(createRng(0, 'reference'), EXACT)
    const facts = { method: 'exact draws', logZ: energy.logZ!, logZError: 0 }
    return { samples, summary: await summarise(energy, samples, EXACT, facts) }
  }
  const { replicas, power, ...options } = recipe!
  const lambdas = Array.from({ length: replicas }, (_, i) => (i / (replicas - 1)) ** power)
  const { samples, slopes, moved, exchanged } = await temper(energy, { seed: 0, lambdas, ...options })
  const { logZ, error } = freeEnergy(slopes, lambdas, options)
  const facts = {
    method: `parallel tempering, ${replicas} replicas, ${options.moves} HMC moves of ${options.leaps} steps; log Z by Bennett's ratio`,
    logZ,
    logZError: error,
    leastMoved: Math.min(...moved),
    leastExchanged: Math.min(...exchanged),
  }
  return { samples, summary: await summarise(energy, samples, options.chains, facts) }
}

const EXACT = 4096

type Facts = Pick<ReferenceSummary, 'method' | 'logZ' | 'logZError' | 'leastMoved' | 'leastExchanged'>

async function summarise(energy: Energy, samples: Float32Array, chains: number, facts: Facts) {
  const { particles, dim } = energy
  const values = (await evaluateEnergy(energy, samples)).map((v) => -v)
  const of = byChain(values, chains)
  const distances = particles && interatomicDistances(particles, positions(particles, samples))
  const far = distances && byChain(rowMeans(distances, values.length), chains)
  return {
    energy: energy.name,
    ...facts,
    chains,
    samples: samples.length / dim,
    meanEnergy: of.mean,
    meanEnergyError: of.error,
    energyDeviation: Math.sqrt(values.reduce((sum, v) => sum + (v - of.mean) ** 2, 0) / values.length),
    ...(far && { meanDistance: far.mean, meanDistanceError: far.error }),
  } satisfies ReferenceSummary
}

const rowMeans = (values: Float32Array, rows: number) => {
  const width = values.length / rows
  return Float64Array.from(
    { length: rows },
    (_, i) => values.subarray(i * width, (i + 1) * width).reduce((a, b) => a + b, 0) / width,
  )
}

/** Mean, with the standard error over chains; value i is of chain i mod C. */
function byChain(values: ArrayLike<number>, chains: number): { mean: number; error: number } {
  const means = new Float64Array(chains)
  for (let i = 0; i < values.length; i++) means[i % chains]! += (values[i]! * chains) / values.length
  const mean = means.reduce((a, b) => a + b) / chains
  return { mean, error: Math.sqrt(means.reduce((sum, m) => sum + (m - mean) ** 2, 0) / (chains * (chains - 1))) }
}

/** The reference of an energy from a folder, made and kept there the first time. Samples are in random order. */
export async function loadReference(name: keyof typeof energies, folder: string) {
  const file = join(folder, `reference-${name}`)
  if (existsSync(`${file}.json`)) {
    const bytes = readFileSync(`${file}.f32`)
    const samples = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
    return { summary: referenceSchema.parse(JSON.parse(readFileSync(`${file}.json`, 'utf8'))), samples }
  }
  const energy = energies[name]()
  const made = await makeReference(energy)
  const samples = shuffled(made.samples, energy.dim)
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${file}.f32`, samples)
  writeFileSync(`${file}.json`, JSON.stringify(made.summary))
  return { summary: made.summary, samples }
}

/** Rows in random order, so that the first n are of all chains. */
function shuffled(x: Float32Array, dim: number): Float32Array {
  const rng = createRng(1, 'shuffle')
  const out = x.slice()
  for (let i = x.length / dim - 1; i > 0; i--) {
    const j = rng.integer(i + 1)
    const row = out.slice(i * dim, (i + 1) * dim)
    out.copyWithin(i * dim, j * dim, (j + 1) * dim)
    out.set(row, j * dim)
  }
  return out
}
