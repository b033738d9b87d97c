import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { type EnergyName, energies } from './energies/index.ts'
import { evaluateEnergy, measure, sampleFlow } from './evaluate.ts'
import { methods } from './methods.ts'
import { histogram } from './metrics/histogram.ts'
import { interatomicDistances, positions } from './metrics/particles.ts'
import { loadReference } from './reference/reference.ts'
import { type TrainOptions, train } from './train.ts'
import { sampleFree } from './training-free.ts'

/** Sizes of an energy's runs; the same for all methods. */
export interface Profile {
  readonly train: Omit<TrainOptions, 'seed'>
  /** Samples along the flow, and steps of Heun's method. */
  readonly flow: { readonly samples: number; readonly steps: number }
  readonly free: { readonly samples: number; readonly steps: number; readonly evaluations: number }
  readonly energyBins: { readonly low: number; readonly high: number; readonly bins: number }
  readonly distanceBins?: { readonly low: number; readonly high: number; readonly bins: number }
}

const loop = { round: 100, generated: 512, buffer: 5000, sdeSteps: 40 }

/** Minutes a run on one core: far smaller than the published runs. */
export const profiles: Readonly<Record<EnergyName, Profile>> = {
  mixture: {
    train: { ...loop, updates: 2500, batch: 128, candidates: 64, hidden: 128, learningRate: 2e-3 },
    flow: { samples: 1000, steps: 60 },
    free: { samples: 500, steps: 50, evaluations: 64 },
    energyBins: { low: -4, high: 20, bins: 60 },
  },
  dw4: {
    train: { ...loop, updates: 1500, batch: 128, candidates: 64, hidden: 32, learningRate: 3e-3 },
    flow: { samples: 1000, steps: 40 },
    free: { samples: 500, steps: 50, evaluations: 64 },
    energyBins: { low: -27, high: 0, bins: 54 },
    distanceBins: { low: 0, high: 9, bins: 60 },
  },
  lj13: {
    train: { ...loop, generated: 128, updates: 700, batch: 64, candidates: 64, hidden: 32, learningRate: 3e-3 },
    flow: { samples: 128, steps: 24 },
    free: { samples: 128, steps: 50, evaluations: 64 },
    energyBins: { low: -65, high: 0, bins: 65 },
    distanceBins: { low: 0, high: 4.5, bins: 60 },
  },
}

const histogramSchema = z.strictObject({
  low: z.number(),
  high: z.number(),
  density: z.array(z.number()),
  outside: z.number(),
})

/** A finished run, one line of the results. */
export const rowSchema = z.strictObject({
  energy: z.enum(['mixture', 'dw4', 'lj13']),
  kind: z.enum(['trained', 'training-free']),
  method: z.string(),
  seed: z.int(),
  /** Evaluations of the energy with gradient. */
  evaluations: z.number(),
  seconds: z.number(),
  ess: z.number().optional(),
  logZError: z.number().optional(),
  w2: z.number().optional(),
  energyW2: z.number().optional(),
  distanceW2: z.number().optional(),
  modes: z.int().optional(),
  lost: z.number().optional(),
  curve: z.array(z.strictObject({ update: z.int(), loss: z.number(), ess: z.number() })).optional(),
  energies: histogramSchema,
  distances: histogramSchema.optional(),
})
export type Row = z.output<typeof rowSchema>

export interface Job {
  readonly energy: EnergyName
  readonly kind: Row['kind']
  readonly method: string
  readonly seed: number
}

/** Runs one job against the reference in `folder`, where its samples go too. */
export async function runJob(job: Job, folder: string, profile: Profile = profiles[job.energy]): Promise<Row> {
  const energy = energies[job.energy]()
  const method = methods[job.method]!(energy)
  const reference = await loadReference(job.energy, folder)
  const started = performance.now()
  const { seed } = job
  const made =
    job.kind === 'trained'
      ? await trainAndSample(job, profile)
      : { x: await sampleFree(energy, method, { seed, ...profile.free }) }
  const { free } = profile
  const seconds = (performance.now() - started) / 1000
  const metrics = await measure(energy, made, { samples: reference.samples, logZ: reference.summary.logZ })
  writeFileSync(samplesFile(folder, job), made.x)
  return {
    ...job,
    evaluations: 'evaluations' in made ? made.evaluations : free.samples * free.steps * free.evaluations,
    seconds: Math.round(seconds),
    ...metrics,
    ...('curve' in made && { curve: [...made.curve] }),
    ...(await histograms(job.energy, made.x, profile)),
  }
}

async function trainAndSample({ energy: name, method: methodName, seed }: Job, profile: Profile) {
  const energy = energies[name]()
  const method = methods[methodName]!(energy)
  const { candidateFactor: factor = 1 } = method
  const { batch, candidates } = profile.train
  const size = { ...profile.train, batch: batch / factor, candidates: candidates * factor }
  const { params, evaluations, curve } = await train(energy, method, { seed, ...size })
  const { hidden } = profile.train
  return { evaluations, curve, ...(await sampleFlow(energy, method, params, { seed, hidden, ...profile.flow })) }
}

/** Histograms of energies and interatomic distances of samples [n, d]. */
export async function histograms(name: EnergyName, x: Float32Array, profile: Profile = profiles[name]) {
  const energy = energies[name]()
  const { particles } = energy
  const values = (await evaluateEnergy(energy, x)).map((v) => -v)
  return {
    energies: histogram(values, profile.energyBins),
    ...(particles &&
      profile.distanceBins && {
        distances: histogram(interatomicDistances(particles, positions(particles, x)), profile.distanceBins),
      }),
  }
}

export const samplesFile = (folder: string, { energy, kind, method, seed }: Job) =>
  join(folder, `${energy}-${kind}-${method}-${seed}.f32`)

/** The rows of a results file, if there is one. */
export const readRows = (file: string): Row[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => rowSchema.parse(JSON.parse(line)))
    : []

const same = (a: Job, b: Job) => (['energy', 'kind', 'method', 'seed'] as const).every((key) => a[key] === b[key])

interface RunOptions {
  readonly file: string
  /** Where references and samples are kept. */
  readonly folder: string
  readonly say: (line: string) => void
  readonly sizes?: typeof profiles
}

/** Runs the jobs that `file` has no row of yet, and appends theirs: the same command again goes on where it stopped. */
export async function runAll(jobs: readonly Job[], { file, folder, say, sizes = profiles }: RunOptions): Promise<void> {
  mkdirSync(dirname(file), { recursive: true })
  const done = readRows(file)
  for (const job of jobs) {
    if (done.some((row) => same(row, job))) continue
    const row = await runJob(job, folder, sizes[job.energy])
    appendFileSync(file, `${JSON.stringify(row, (_, v) => (typeof v === 'number' ? Number(v.toPrecision(5)) : v))}\n`)
    const { energies: _, distances: __, curve, ...facts } = row
    say(JSON.stringify({ ...facts, loss: curve?.at(-1)?.loss }))
  }
}
