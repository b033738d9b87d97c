import { createRng } from '@revflow/core'
import type { Estimator } from '@revflow/stein'
import { candidatesFor, contestants, steps } from './contestants.ts'
import { trainedCritic } from './critic.ts'
import { drawEnergies, type Energy, mixtureEnergy, mlpEnergy } from './energies.ts'
import { laboratory, type Question } from './measure.ts'

export const TIMES = [0.1, 0.3, 0.5, 0.7, 0.9]

/** One part of the study: every estimator at every cost (or number of candidates), time and scale. */
export interface Part {
  readonly name: string
  readonly energy: Energy
  readonly bounded: boolean
  readonly dim: number
  readonly scales: readonly number[]
  readonly times: readonly number[]
  /** Costs in evaluations: a value 1, a value with its gradient 2. */
  readonly budgets?: readonly number[]
  /** Equal numbers of candidates instead, for {@link steps}. */
  readonly candidates?: readonly number[]
  readonly energies: number
  readonly repetitions: number
}

/** The mean over the energies of a part. */
export interface Row {
  readonly part: string
  readonly energy: string
  readonly bounded: boolean
  readonly dim: number
  readonly scale: number
  readonly t: number
  readonly estimator: string
  readonly candidates: number
  readonly cost: number
  /** Greatest cost allowed; absent where numbers of candidates are compared. */
  readonly budget?: number
  readonly squaredError: number
  readonly ess: number
  /** Energies, and repetitions of each, that the means are over. */
  readonly energies: number
  readonly repetitions: number
}

const mlp = { energy: mlpEnergy, bounded: true, dim: 6, times: TIMES }
const small = { ...mlp, dim: 2, scales: [1], times: [0.5], energies: 1, repetitions: 8 }

/** What `full` covers; `smoke` is the same in small. */
export const profiles: Readonly<Record<'smoke' | 'full', readonly Part[]>> = {
  full: [
    { ...mlp, name: 'cost', scales: [0.5, 1, 2.4, 4, 8], budgets: [16, 32, 64, 128], energies: 8, repetitions: 50 },
    { ...mlp, name: 'steps', scales: [1, 2.4, 4], candidates: [16, 32], energies: 8, repetitions: 100 },
    ...[1, 2, 20, 50].map((dim) => ({
      ...mlp,
      name: `dimension ${dim}`,
      dim,
      scales: [2.4],
      budgets: [64],
      energies: 6,
      repetitions: 40,
    })),
    { ...mlp, name: 'unbounded', bounded: false, scales: [1, 2.4, 4], budgets: [32, 64], energies: 8, repetitions: 50 },
    ...[true, false].map((bounded) => ({
      ...mlp,
      name: bounded ? 'mixture' : 'mixture unbounded',
      energy: mixtureEnergy,
      bounded,
      dim: 2,
      scales: [0.3, 1],
      budgets: [64],
      energies: 8,
      repetitions: 50,
    })),
  ],
  smoke: [
    { ...small, name: 'cost', budgets: [16] },
    { ...small, name: 'steps', candidates: [8] },
    { ...small, name: 'unbounded', bounded: false, budgets: [16] },
  ],
}

/** The part of a run's critics. */
export function criticPart(run: string): Part {
  const scales = [1, 1 / 0.3]
  return { ...mlp, ...trainedCritic(run), name: 'critic', scales, budgets: [32, 64], energies: 8, repetitions: 50 }
}

/** x = t·u + (1 − t)·z, u uniform on the box, z standard normal: where a linear flow is trained. */
function pointsAt(t: number, dim: number, seed: number): Float32Array {
  const rng = createRng(seed, `x ${t}`)
  return Float32Array.from({ length: dim }, () => t * (2 * rng.uniform() - 1) + (1 - t) * rng.normal())
}

/** Runs a part, row by row as they come. */
export async function* studyPart(part: Part): AsyncGenerator<Row> {
  const { energy, bounded, dim } = part
  const lab = laboratory(energy, bounded)
  const runs: { estimator: Estimator; candidates: number; budget?: number }[] = part.budgets
    ? part.budgets.flatMap((budget) =>
        contestants(bounded).map((estimator) => ({ estimator, candidates: candidatesFor(estimator, budget), budget })),
      )
    : part.candidates!.flatMap((candidates) =>
        [...contestants(true), ...steps].map((estimator) => ({ estimator, candidates })),
      )
  for (const scale of part.scales)
    for (const t of part.times) {
      const questions: Question[] = drawEnergies(energy, part.energies, dim, scale).map((params, i) => {
        return { energy, params, x: pointsAt(t, dim, i), t, bounded }
      })
      const answers: Float64Array[] = []
      for (const question of questions) answers.push(await lab.answer(question))
      for (const { estimator, candidates, budget } of runs) {
        if (candidates < 1) continue
        let [squaredError, ess] = [0, 0]
        for (const [i, question] of questions.entries()) {
          const size = { candidates, repetitions: part.repetitions, seed: i }
          const found = await lab.measure(question, answers[i]!, estimator, size)
          squaredError += found.squaredError / questions.length
          ess += found.ess / questions.length
        }
        const { name } = estimator
        const where = { part: part.name, energy: energy.name, bounded, dim, scale, t }
        const spent = { candidates, cost: estimator.cost(candidates), ...(budget !== undefined && { budget }) }
        const { energies, repetitions } = part
        yield { ...where, estimator: name, ...spent, squaredError, ess, energies, repetitions }
      }
    }
  await lab.dispose()
}
