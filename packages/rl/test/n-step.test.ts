import { createNStep, nStepStateSchema, type Transition } from '@revflow/rl'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

/** Episodes of decisions, each with a reward, that end in a terminal state or at a time limit. */
const episodes = fc.array(
  fc.record({
    rewards: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 9 }),
    terminal: fc.boolean(),
  }),
  { maxLength: 6 },
)

/** The decisions of an episode, s = (episode, place in it). */
const decisions = (rewards: readonly number[], terminal: boolean, episode: number) =>
  rewards.map((reward, i) => ({
    transition: {
      observation: [episode, i],
      action: [100 * episode + i],
      reward,
      nextObservation: [episode, i + 1],
      terminated: terminal && i === rewards.length - 1,
    },
    ended: i === rewards.length - 1,
  }))

describe('createNStep', () => {
  it('gives Σ γ^i r and the state after n decisions, within an episode', () => {
    fc.assert(
      fc.property(episodes, fc.integer({ min: 1, max: 5 }), fc.constantFrom(0, 0.5, 1), (played, steps, discount) => {
        const nStep = createNStep({ steps, discount })
        const all = played.map(({ rewards, terminal }, e) => decisions(rewards, terminal, e))
        const made = all.flat().flatMap(({ transition, ended }) => nStep.add(transition, ended))
        const expected: Transition[] = all.flatMap((episode, e) =>
          episode.flatMap(({ transition }, start) => {
            const last = Math.min(start + steps, episode.length)
            const whole = last === start + steps || played[e]!.terminal
            const reward = episode
              .slice(start, last)
              .reduce((sum, { transition: { reward: r } }, i) => sum + discount ** i * r, 0)
            const { nextObservation, terminated } = episode[last - 1]!.transition
            return whole ? [{ ...transition, reward, nextObservation, terminated }] : []
          }),
        )
        expect(made).toEqual(expected)
      }),
    )
  })

  it('is the transition itself for n = 1, its reward to the last bit', () => {
    const transition = { observation: [0.1], action: [0.2], reward: 0.3, nextObservation: [0.4], terminated: false }
    expect(createNStep({ steps: 1, discount: 0.99 }).add(transition, false)).toEqual([transition])
  })

  it('goes on from a saved state', () => {
    const options = { steps: 3, discount: 0.9 }
    const [whole, before, after] = [createNStep(options), createNStep(options), createNStep(options)]
    const made = decisions([1, 2, 3, 4, 5, 6], true, 0).map(({ transition, ended }, i) => {
      if (i === 4) after.restore(nStepStateSchema.parse(JSON.parse(JSON.stringify(before.state()))))
      return [whole.add(transition, ended), (i < 4 ? before : after).add(transition, ended)]
    })
    for (const [expected, resumed] of made) expect(resumed).toEqual(expected)
    expect(made.flatMap(([expected]) => expected)).toHaveLength(6)
    expect(() => whole.restore([{ observation: ['x'] }] as never)).toThrow('observation')
  })

  it('holds no −0, which JSON would lose the sign of', () => {
    const nStep = createNStep({ steps: 2, discount: 1 })
    nStep.add({ observation: [-0], action: [-0], reward: -0, nextObservation: [1], terminated: false }, false)
    expect(JSON.parse(JSON.stringify(nStep.state()))).toEqual(nStep.state())
    expect(nStep.state()).toEqual([{ observation: [0], action: [0], reward: 0 }])
  })

  it('refuses what is no number of decisions or no discount', () => {
    expect(() => createNStep({ steps: 0, discount: 0.99 })).toThrow('nStep.steps')
    expect(() => createNStep({ steps: 1.5, discount: 0.99 })).toThrow('nStep.steps')
    expect(() => createNStep({ steps: 1, discount: 1.01 })).toThrow('nStep.discount')
  })
})
