import { parseOptions, RevflowError } from '@revflow/core'
import { z } from 'zod'
import type { Env, EnvState } from '../env.ts'

/** The members of an environment, bound to it: a wrapper spreads them, and replaces those it changes. */
export function membersOf(env: Env): Env {
  return {
    task: env.task,
    observationSpace: env.observationSpace,
    actionSpace: env.actionSpace,
    reset: (seed) => env.reset(seed),
    step: (action) => env.step(action),
    getState: () => env.getState(),
    setState: (state) => env.setState(state),
    close: () => env.close(),
  }
}

/** A state with that of a wrapper around it: its numbers behind the others, its name around `meta`. */
export function wrapState({ values, meta }: EnvState, wrapper: string, own: ArrayLike<number>): EnvState {
  const all = new Float64Array(values.length + own.length)
  all.set(values)
  all.set(own, values.length)
  return { values: all, meta: { wrapper, inner: meta } }
}

/** Takes apart what `wrapState` made. @throws RevflowError (`invalid-state`) where it is another wrapper's */
export function unwrapState({ values, meta }: EnvState, wrapper: string, size: number) {
  const schema = z.strictObject({ wrapper: z.literal(wrapper), inner: z.record(z.string(), z.unknown()) })
  const { inner } = parseOptions(schema, meta, 'state.meta')
  const split = values.length - size
  if (split < 0)
    throw new RevflowError({
      code: 'invalid-state',
      path: 'state.values',
      expected: `at least ${size} numbers`,
      received: `${values.length}`,
    })
  return { inner: { values: values.slice(0, split), meta: inner }, own: values.slice(split) }
}
