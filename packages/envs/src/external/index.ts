import { fileURLToPath } from 'node:url'
import { createRng, parseOptions, RevflowError, type Rng, restoreRng, rngStateSchema } from '@revflow/core'
import { z } from 'zod'
import type { Env, EnvState, ResetResult, StepResult } from '../env.ts'
import type { EnvFactory, EnvFactoryOptions } from '../make.ts'
import { type ActionSpace, type ObservationSpace, writeAction } from '../spaces.ts'
import { type Child, startChild } from './child.ts'
import { greeting, resetAnswer, stepAnswer } from './protocol.ts'

const optionsSchema = z.strictObject({
  /** Program to run, found as a shell would find it. */
  command: z.string().min(1),
  args: z.array(z.string()).default([]),
  /** Seconds to wait for an answer, the start included; default 60. */
  timeout: z.number().positive().default(60),
})
/** Options of {@link externalEnv}: the program to run. */
export type ExternalOptions = z.input<typeof optionsSchema>

/**
 * The program of this package that serves dm_control and Gymnasium: `externalEnv({ command: 'python3', args: [serveScript,
 * 'dm_control', 'cheetah-run'] })`, or `'gymnasium', 'HalfCheetah-v5'`.
 */
export const serveScript = fileURLToPath(new URL('../../python/serve.py', import.meta.url))

/**
 * An environment in another process, which speaks lines of JSON (`src/external/protocol.ts`): give it to `makeEnv`. A state
 * is the seed and the actions of the episode, played again by `setState`; so it is exact where the process is deterministic.
 * @throws RevflowError (`external-failed`) where the process cannot start, ends, complains, or says something else
 */
export function externalEnv(options: ExternalOptions): EnvFactory {
  const { command, args, timeout } = parseOptions(optionsSchema, options, 'externalEnv')
  return (envOptions) => {
    const child = startChild(command, args, timeout)
    try {
      return new ExternalEnv(child, envOptions)
    } catch (error) {
      child.close()
      throw error
    }
  }
}

const stateMetaSchema = z.strictObject({
  task: z.string(),
  /** Of the present episode; null before the first. */
  episodeSeed: z.int().nullable(),
  rng: rngStateSchema,
})

class ExternalEnv implements Env {
  readonly task: string
  readonly observationSpace: ObservationSpace
  readonly actionSpace: ActionSpace
  readonly #child: Child
  readonly #outOfBounds: EnvFactoryOptions['outOfBounds']
  #rng: Rng
  #episodeSeed: number | null = null
  /** Of the present episode, as the process got them. */
  #actions: Float64Array[] = []
  #isClosed = false

  constructor(child: Child, { seed, outOfBounds }: EnvFactoryOptions) {
    const { task, observation, action } = child.hear(greeting)
    this.task = task
    this.observationSpace = { size: observation.reduce((sum, { size }) => sum + size, 0), entries: observation }
    this.actionSpace = { size: action.names.length, ...action }
    this.#child = child
    this.#outOfBounds = outOfBounds
    this.#rng = createRng(seed, 'env')
  }

  reset(seed?: number): ResetResult {
    this.#checkOpen()
    if (seed !== undefined) this.#rng = createRng(seed, 'env')
    return this.#start(this.#rng.integer(2 ** 31))
  }

  step(action: ArrayLike<number>): StepResult {
    this.#checkOpen()
    if (this.#episodeSeed === null)
      throw new RevflowError({ code: 'no-episode', path: `${this.task}.step`, hint: 'call reset() before step()' })
    const sent = new Float64Array(this.actionSpace.size)
    writeAction(this.actionSpace, action, this.#outOfBounds, sent)
    this.#child.say({ step: Array.from(sent) })
    const { observation, ...rest } = this.#child.hear(stepAnswer)
    this.#actions.push(sent)
    return { observation: this.#toFloats(observation), ...rest }
  }

  getState(): EnvState {
    const values = Float64Array.from(this.#actions.flatMap((action) => Array.from(action)))
    return { values, meta: { task: this.task, episodeSeed: this.#episodeSeed, rng: this.#rng.state() } }
  }

  setState({ values, meta }: EnvState): void {
    this.#checkOpen()
    const { task, episodeSeed, rng } = parseOptions(stateMetaSchema, meta, 'state.meta')
    const { size } = this.actionSpace
    if (task !== this.task) refuseState('meta.task', `'${this.task}'`, `'${task}'`)
    if (values.length % size !== 0) refuseState('values', `a multiple of ${size} numbers`, `${values.length}`)
    this.#rng = restoreRng(rng)
    this.#episodeSeed = null
    if (episodeSeed === null) return
    this.#start(episodeSeed)
    for (let i = 0; i < values.length; i += size) this.step(values.subarray(i, i + size))
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#child.close()
  }

  #start(episodeSeed: number): ResetResult {
    this.#child.say({ reset: episodeSeed })
    const { observation } = this.#child.hear(resetAnswer)
    this.#episodeSeed = episodeSeed
    this.#actions = []
    return { observation: this.#toFloats(observation) }
  }

  #toFloats(observation: readonly number[]): Float32Array {
    if (observation.length === this.observationSpace.size) return Float32Array.from(observation)
    throw new RevflowError({
      code: 'external-failed',
      path: `${this.task}.observation`,
      expected: `${this.observationSpace.size} numbers`,
      received: `${observation.length}`,
    })
  }

  #checkOpen(): void {
    if (!this.#isClosed) return
    throw new RevflowError({ code: 'env-closed', path: this.task, hint: 'it was closed: make a new one with makeEnv' })
  }
}

function refuseState(path: string, expected: string, received: string): never {
  throw new RevflowError({ code: 'invalid-state', path: `state.${path}`, expected, received })
}
