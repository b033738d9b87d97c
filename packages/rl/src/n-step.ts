import { parseOptions } from '@revflow/core'
import { z } from 'zod'
import type { Transition } from './replay.ts'

const nStepSchema = z.strictObject({
  /** n, decisions */
  steps: z.int().min(1),
  /** γ in [0, 1], for each decision */
  discount: z.number().min(0).max(1),
})
/** Options of {@link createNStep}. */
export type NStepOptions = z.input<typeof nStepSchema>

/** Decisions that wait for their n-th reward, the oldest first: plain JSON. */
export const nStepStateSchema = z.array(
  z.strictObject({ observation: z.array(z.number()), action: z.array(z.number()), reward: z.number() }),
)
/** What {@link NStep.state} gives. */
export type NStepState = z.infer<typeof nStepStateSchema>

/** Makes transitions of n decisions out of those of one. Mutable. */
export interface NStep {
  /**
   * Takes what one decision brought, and gives the transitions that are complete with it:
   * (s_t, a_t, Σ_{i<n} γ^i r_{t+i}, s_{t+n}), so that y = r + γ^n (1 − terminated) V(s').
   * Where the episode ends in a terminal state, those of fewer decisions besides, since nothing is bootstrapped there; at a
   * time limit the last n − 1 decisions are left out.
   * @param ended whether the episode is over, for either reason
   */
  add(transition: Transition, ended: boolean): Transition[]
  /** A snapshot; `restore` goes on from it bit for bit. */
  state(): NStepState
  /** Takes a state over. @throws ZodError where it is malformed */
  restore(state: NStepState): void
}

/**
 * Transitions of n decisions (Sutton and Barto 2018, chapter 7; in replay as D4PG has them, arXiv 1804.08617): rewards reach
 * the values of earlier states n times as fast, and values that no reward supports fade as fast. For n > 1 the actions
 * between are those of the policy that played, not of the one that learns.
 * @throws RevflowError (`invalid-option`)
 */
export function createNStep(options: NStepOptions): NStep {
  const { steps, discount } = parseOptions(nStepSchema, options, 'nStep')
  let waiting: NStepState = []
  return {
    add({ observation, action, reward: own, nextObservation, terminated }, ended) {
      waiting.push({ observation: plain(observation), action: plain(action), reward: own + 0 })
      const complete: Transition[] = []
      while (waiting.length === steps || (terminated && waiting.length > 0)) {
        const reward = waiting.reduceRight((later, { reward: now }) => now + discount * later, 0)
        complete.push({ ...waiting.shift()!, reward, nextObservation, terminated })
      }
      if (ended) waiting = []
      return complete
    },
    state: () => structuredClone(waiting),
    restore(state) {
      waiting = nStepStateSchema.parse(state)
    },
  }
}

/** A copy without −0, as the rewards are, since JSON loses its sign: a resumed run is the same to the last bit. */
const plain = (numbers: ArrayLike<number>): number[] => Array.from(numbers, (x) => x + 0)
