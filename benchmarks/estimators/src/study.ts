import { createRng } from '@revflow/core'
import type { Estimator } from '@revflow/stein'
import { candidatesFor, contestants, steps } from './contestants.ts'
import { trainedCritic } from './critic.ts'
import { drawEnergies, type Energy, mixtureEnergy, mlpEnergy } from './energies.ts'
import { etaRules, learnedEta } from './eta.ts'
import { laboratory, pointsAt, type Question } from './measure.ts'

export const TIMES = [0.1, 0.3, 0.5, 0.7, 0.9]

/** An estimator, or one that is made for a question's energy and used for all questions about it. */
type Contestant = Estimator | ((question: Question) => Promise<Estimator>)

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
  /** Equal numbers of candidates instead, for `estimators`. */
  readonly candidates?: readonly number[]
  readonly estimators?: readonly Contestant[]
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

const stepsPart = { ...mlp, name: 'steps', estimators: [...contestants(true), ...steps] }
const etaPart = (bounded: boolean) => ({
  ...mlp,
  name: bounded ? 'eta' : 'eta unbounded',
  bounded,
  estimators: [...etaRules(bounded), learnedEta],
})

/** What `full` covers; `smoke` is the same in small. */
export const profiles: Readonly<Record<'smoke' | 'full', readonly Part[]>> = {
  full: [
    { ...mlp, name: 'cost', scales: [0.5, 1, 2.4, 4, 8], budgets: [16, 32, 64, 128], energies: 8, repetitions: 50 },
    { ...stepsPart, scales: [1, 2.4, 4], candidates: [16, 32], energies: 8, repetitions: 100 },
    ...[true, false].map((bounded) => ({
      ...etaPart(bounded),
      scales: [1, 2.4, 4],
      candidates: [16, 64],
      energies: 8,
      repetitions: 100,
    })),
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
    { ...small, name: 'steps', candidates: [8], estimators: stepsPart.estimators },
    { ...small, name: 'eta', candidates: [8], estimators: etaRules(true) },
    { ...small, name: 'unbounded', bounded: false, budgets: [16] },
  ],
}

/** The part of a run's critics. */
export function criticPart(run: string): Part {
  const scales = [1, 1 / 0.3]
  return { ...mlp, ...trainedCritic(run), name: 'critic', scales, budgets: [32, 64], energies: 8, repetitions: 50 }
}

/** Runs a part, row by row as they come. */
export async function* studyPart(part: Part): AsyncGenerator<Row> {
  const { energy, bounded, dim } = part
  const lab = laboratory(energy, bounded)
  const runs: { contestant: Contestant; candidates: number; budget?: number }[] = part.budgets
    ? part.budgets.flatMap((budget) =>
        contestants(bounded).map((contestant) => ({
          contestant,
          candidates: candidatesFor(contestant, budget),
          budget,
        })),
      )
    : part.candidates!.flatMap((candidates) => part.estimators!.map((contestant) => ({ contestant, candidates })))
  const learned = new Map<string, Promise<Estimator>>()
  const estimatorFor = (contestant: Contestant, question: Question, key: string) => {
    if (typeof contestant !== 'function') return contestant
    const known = learned.get(key) ?? contestant(question)
    learned.set(key, known)
    return known
  }
  for (const scale of part.scales)
    for (const t of part.times) {
      const questions: Question[] = drawEnergies(energy, part.energies, dim, scale).map((params, i) => {
        return { energy, params, x: pointsAt(createRng(i, `x ${t}`), t, dim), t, bounded }
      })
      const answers: Float64Array[] = []
      for (const question of questions) answers.push(await lab.answer(question))
      for (const { contestant, candidates, budget } of runs) {
        if (candidates < 1) continue
        let [squaredError, ess] = [0, 0]
        let estimator!: Estimator
        for (const [i, question] of questions.entries()) {
          estimator = await estimatorFor(contestant, question, `${scale} ${i}`)
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
