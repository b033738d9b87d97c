import { createRng, parseOptions, RevflowError } from '@revflow/core'
import { z } from 'zod'
import type { Env, EnvState } from '../env.ts'
import type { EnvSource } from '../make.ts'
import { envOptionsSchema } from '../mujoco-env.ts'
import type { GroupReply, GroupRequest } from './group.ts'
import { type Lane, openLocalLane, openWorkerLane, throwFailure } from './lane.ts'
import { createRows, type SharedRows } from './memory.ts'

const optionsSchema = envOptionsSchema.extend({
  /** Threads the environments are spread over; 0 (default): this one. */
  workers: z.int().min(0).default(0),
  /** Seconds after which a worker that does not answer counts as lost; default 60. */
  timeout: z.number().positive().default(60),
})
/** Options of {@link makeVectorEnv}: those of each environment, and how many threads share them. */
export type VectorEnvOptions = z.input<typeof optionsSchema>

/** Results of one step of n environments; the arrays are freshly allocated, rows are environments. */
export interface VectorStepResult {
  /** [n, S]: of the state to act in next, so where an episode ended, the first one of the new episode. */
  readonly observation: Float32Array
  /** [n]. */
  readonly reward: Float64Array
  /** [n], 0 or 1: the episode is over for good. */
  readonly terminated: Uint8Array
  /** [n], 0 or 1: the episode is cut short. */
  readonly truncated: Uint8Array
  /** [S] for each environment whose episode ended in this step, by its index: the last observation of that episode. */
  readonly finalObservation: ReadonlyMap<number, Float32Array>
}

/**
 * n environments of one task, stepped together. One rule of automatic reset: an environment whose episode ends is reset
 * in the same step, so each step of each environment is a true transition, to `finalObservation.get(i)` where there is
 * one and else to row i of `observation`.
 */
export interface VectorEnv extends Pick<Env, 'task' | 'observationSpace' | 'actionSpace'> {
  /** Environments, n. */
  readonly size: number
  readonly workers: number
  /** Starts an episode in each. With a seed, episodes from here on are those of a fresh vector environment of that seed. */
  reset(seed?: number): { readonly observation: Float32Array }
  /**
   * Applies actions [n, A], row-major; waits for all environments.
   * @throws RevflowError as the environments do, its path beginning with `environments[i]`, and `worker-lost`; some of the
   * others may have stepped by then, so that a reset must follow
   */
  step(actions: ArrayLike<number>): VectorStepResult
  /** One snapshot an environment. */
  getState(): EnvState[]
  setState(states: readonly EnvState[]): void
  /** Closes the environments and ends the workers. */
  close(): Promise<void>
}

/** Seeds of the n environments of a vector environment: `makeEnv(task, { seed: vectorSeeds(seed, n)[i] })` is its i-th. */
export function vectorSeeds(seed: number, n: number): number[] {
  const rng = createRng(seed, 'vector')
  return Array.from({ length: n }, () => rng.integer(2 ** 32))
}

/**
 * Makes n environments of one task. Trajectories depend on seed and actions alone, not on the number of workers.
 * @param source as `makeEnv` takes it; with workers the name of a task or the URL of a module
 * @throws RevflowError as `makeEnv` does
 */
export async function makeVectorEnv(source: EnvSource, n: number, options: VectorEnvOptions = {}): Promise<VectorEnv> {
  const { workers, timeout, ...env } = parseOptions(optionsSchema, options, 'makeVectorEnv')
  if (!Number.isInteger(n) || n < 1) refuse('n', 'an integer ≥ 1', n)
  if (workers > n) refuse('workers', `at most n = ${n}`, workers)
  const seeds = vectorSeeds(env.seed, n)
  const count = Math.max(1, workers)
  const starts = Array.from({ length: count + 1 }, (_, i) => Math.floor((i * n) / count))
  const opening = starts.slice(0, -1).map((first, i): Promise<Lane> => {
    const group = { first, seeds: seeds.slice(first, starts[i + 1]), env }
    if (workers === 0) return openLocalLane(source, group)
    if (typeof source === 'string' || source instanceof URL) return openWorkerLane(source, group, timeout)
    return refuse('source', 'the name of a task or the URL of a module, as only they reach a worker', typeof source)
  })
  const opened = await Promise.allSettled(opening)
  const lanes = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const failed = opened.find((result) => result.status === 'rejected')
  if (failed) {
    await Promise.all(lanes.map((lane) => lane.close()))
    throw failed.reason
  }
  return new LaneVectorEnv(lanes, starts, workers)
}

function refuse(path: string, expected: string, received: unknown): never {
  throw new RevflowError({
    code: 'invalid-option',
    path: `makeVectorEnv.${path}`,
    expected,
    received: String(received),
  })
}

class LaneVectorEnv implements VectorEnv {
  readonly task: string
  readonly observationSpace: VectorEnv['observationSpace']
  readonly actionSpace: VectorEnv['actionSpace']
  readonly size: number
  readonly workers: number
  readonly #lanes: readonly Lane[]
  /** Index of each lane's first environment, then n. */
  readonly #starts: readonly number[]
  readonly #rows: SharedRows
  #isRunning = false
  #isClosed = false

  constructor(lanes: readonly Lane[], starts: readonly number[], workers: number) {
    const { task, observationSpace, actionSpace } = lanes[0]!.facts
    this.task = task
    this.observationSpace = observationSpace
    this.actionSpace = actionSpace
    this.size = starts.at(-1)!
    this.workers = workers
    this.#lanes = lanes
    this.#starts = starts
    this.#rows = createRows(this.size, observationSpace.size, actionSpace.size)
    this.#request(() => ({ kind: 'share', rows: this.#rows }))
  }

  reset(seed?: number): { readonly observation: Float32Array } {
    const seeds = seed === undefined ? undefined : vectorSeeds(seed, this.size)
    this.#request((from, to) => ({ kind: 'reset', seeds: seeds?.slice(from, to) }))
    this.#isRunning = true
    return { observation: this.#rows.observation.slice() }
  }

  step(actions: ArrayLike<number>): VectorStepResult {
    const { observation, finalObservation, reward, terminated, truncated } = this.#rows
    if (actions?.length !== this.#rows.actions.length) this.#refuseActions(actions)
    if (!this.#isRunning && !this.#isClosed)
      throw new RevflowError({ code: 'no-episode', path: `${this.task}.step`, hint: 'call reset() before step()' })
    this.#rows.actions.set(actions)
    this.#request(() => ({ kind: 'step' }))
    const width = this.observationSpace.size
    const ended = new Map<number, Float32Array>()
    for (let i = 0; i < this.size; i++)
      if (terminated[i] || truncated[i]) ended.set(i, finalObservation.slice(i * width, (i + 1) * width))
    return {
      observation: observation.slice(),
      reward: reward.slice(),
      terminated: terminated.slice(),
      truncated: truncated.slice(),
      finalObservation: ended,
    }
  }

  getState(): EnvState[] {
    return this.#request(() => ({ kind: 'getState' })).flatMap((reply) =>
      reply && 'states' in reply ? reply.states : [],
    )
  }

  setState(states: readonly EnvState[]): void {
    if (states.length !== this.size)
      throw new RevflowError({
        code: 'invalid-state',
        path: 'states',
        expected: `${this.size} states`,
        received: `${states.length}`,
      })
    this.#request((from, to) => ({ kind: 'setState', states: states.slice(from, to) }))
    this.#isRunning = true
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await Promise.all(this.#lanes.map((lane) => lane.close()))
  }

  /** Sends a request to every lane, then waits for all. @param make request of environments `from` … `to` − 1 */
  #request(make: (from: number, to: number) => GroupRequest): GroupReply[] {
    if (this.#isClosed)
      throw new RevflowError({ code: 'env-closed', path: this.task, hint: 'it was closed: make a new one' })
    for (const [i, lane] of this.#lanes.entries()) lane.send(make(this.#starts[i]!, this.#starts[i + 1]!))
    const replies = this.#lanes.map((lane) => lane.receive())
    const failed = replies.find((reply) => reply && 'failure' in reply)
    if (failed && 'failure' in failed) {
      this.#isRunning = false
      throwFailure(failed.failure)
    }
    return replies
  }

  #refuseActions(actions: ArrayLike<number>): never {
    const { size } = this.actionSpace
    throw new RevflowError({
      code: 'invalid-action',
      path: 'actions',
      expected: `${this.size} × ${size} numbers`,
      received: String(actions?.length),
    })
  }
}
