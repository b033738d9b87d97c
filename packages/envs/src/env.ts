import type { ActionSpace, ObservationSpace } from './spaces.ts'

/** The start of an episode; S is `observationSpace.size`. */
export interface ResetResult {
  /** [S], freshly allocated. */
  readonly observation: Float32Array
}

/** What an action led to; S is `observationSpace.size`. */
export interface StepResult {
  /** [S], freshly allocated. */
  readonly observation: Float32Array
  /** Sum over the repeated control steps. */
  readonly reward: number
  /** The episode is over for good: nothing of value follows. */
  readonly terminated: boolean
  /** The episode is cut short, as by a time limit: bootstrap from this observation's value. */
  readonly truncated: boolean
  /** What else an environment tells. */
  readonly info?: object
}

/** Everything an environment needs to go on, to the bit. */
export interface EnvState {
  readonly values: Float64Array
  /** Plain JSON. */
  readonly meta: Readonly<Record<string, unknown>>
}

/**
 * One environment, of any kind: this is all that wrappers, vector environments and the trainer ask of it. Not
 * reentrant; use one for each episode that runs at the same time.
 */
export interface Env {
  /** Name of the task. */
  readonly task: string
  readonly observationSpace: ObservationSpace
  readonly actionSpace: ActionSpace
  /** Starts an episode. With a seed, episodes from here on are those of a fresh environment of that seed. */
  reset(seed?: number): ResetResult
  /** Applies an action [A], once or (by the option `actionRepeat`) repeatedly until the episode ends. */
  step(action: ArrayLike<number>): StepResult
  /** A snapshot that does not change with the environment. */
  getState(): EnvState
  /** Continues from a snapshot of the same task. */
  setState(state: EnvState): void
  /** Frees what no garbage collector sees. The environment cannot be used afterwards. */
  close(): void
}
