import { type ErrorFacts, RevflowError } from '@revflow/core'
import type { Env, EnvState } from '../env.ts'
import { type EnvSource, makeEnv } from '../make.ts'
import type { ParsedEnvOptions } from '../mujoco-env.ts'
import type { SharedRows } from './memory.ts'

/** What the environments of a group are asked to do. The first request is `share`. */
export type GroupRequest =
  | { readonly kind: 'share'; readonly rows: SharedRows }
  | { readonly kind: 'reset'; readonly seeds: readonly number[] | undefined }
  | { readonly kind: 'step' }
  | { readonly kind: 'getState' }
  | { readonly kind: 'setState'; readonly states: readonly EnvState[] }
  | { readonly kind: 'close' }

/** An error as data, which can go from thread to thread. */
export interface Failure {
  readonly facts: ErrorFacts
  readonly stack: string | undefined
}

/** What went wrong, states asked for, or nothing. */
export type GroupReply = { readonly failure: Failure } | { readonly states: readonly EnvState[] } | undefined

export type GroupFacts = Pick<Env, 'task' | 'observationSpace' | 'actionSpace'>

export interface GroupOptions {
  /** Index of the group's first environment among all. */
  readonly first: number
  /** One an environment of the group; indexed from 0. */
  readonly seeds: readonly number[]
  readonly env: ParsedEnvOptions
}

/** @param where prefix of the error's path, such as `environments[3]` */
export function toFailure(error: unknown, where?: string): Failure {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  if (!(error instanceof RevflowError))
    return { facts: { code: 'env-failed', path: where ?? 'environment', received: message }, stack }
  const { code, path, expected, received, hint } = error
  const facts = {
    code,
    path: where === undefined ? path : `${where}: ${path}`,
    ...(expected !== undefined && { expected }),
    ...(received !== undefined && { received }),
    ...(hint !== undefined && { hint }),
  }
  return { facts, stack }
}

/** Environments stepped one after the other in one thread, with their rows of the shared memory. */
export class EnvGroup {
  readonly facts: GroupFacts
  readonly #envs: readonly Env[]
  readonly #first: number
  #rows: SharedRows | undefined
  #actions: readonly Float64Array[] = []

  private constructor(envs: readonly Env[], first: number) {
    const { task, observationSpace, actionSpace } = envs[0]!
    this.facts = { task, observationSpace, actionSpace }
    this.#envs = envs
    this.#first = first
  }

  static async create(source: EnvSource, { first, seeds, env: options }: GroupOptions): Promise<EnvGroup> {
    const envs: Env[] = []
    try {
      for (const seed of seeds) envs.push(await makeEnv(source, { ...options, seed }))
    } catch (error) {
      for (const env of envs) env.close()
      throw error
    }
    return new EnvGroup(envs, first)
  }

  /** Never throws: a failure is a reply. Environments after the one that failed are left as they are. */
  run(request: GroupRequest): GroupReply {
    switch (request.kind) {
      case 'share':
        return this.#share(request.rows)
      case 'step':
        return this.#each((env, i) => this.#step(env, i))
      case 'reset':
        return this.#each((env, i) => this.#reset(env, i, request.seeds?.[i]))
      case 'setState':
        return this.#each((env, i) => env.setState(request.states[i]!))
      case 'getState': {
        const states: EnvState[] = []
        return this.#each((env) => states.push(env.getState())) ?? { states }
      }
      case 'close':
        return this.#each((env) => env.close())
    }
  }

  #each(visit: (env: Env, i: number) => void): GroupReply {
    for (const [i, env] of this.#envs.entries())
      try {
        visit(env, i)
      } catch (error) {
        return { failure: toFailure(error, `environments[${this.#first + i}]`) }
      }
    return undefined
  }

  #share(rows: SharedRows): undefined {
    const { size } = this.facts.actionSpace
    this.#rows = rows
    this.#actions = this.#envs.map((_, i) =>
      rows.actions.subarray((this.#first + i) * size, (this.#first + i + 1) * size),
    )
  }

  #reset(env: Env, i: number, seed?: number): void {
    this.#rows!.observation.set(env.reset(seed).observation, (this.#first + i) * this.facts.observationSpace.size)
  }

  #step(env: Env, i: number): void {
    const rows = this.#rows!
    const row = this.#first + i
    const { observation, reward, terminated, truncated } = env.step(this.#actions[i]!)
    rows.reward[row] = reward
    rows.terminated[row] = Number(terminated)
    rows.truncated[row] = Number(truncated)
    const ended = terminated || truncated
    const target = ended ? rows.finalObservation : rows.observation
    target.set(observation, row * this.facts.observationSpace.size)
    if (ended) this.#reset(env, i)
  }
}
