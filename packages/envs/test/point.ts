import { createRng, type Rng, type RngState, restoreRng } from '@revflow/core'
import type { Env, EnvFactoryOptions, EnvState, ResetResult, StepResult } from '../src/index.ts'

/** An environment without MuJoCo: a point on a line, pushed; out of [−1, 1] the episode ends. */
export class Point implements Env {
  readonly task = 'point'
  readonly observationSpace = { size: 1, entries: [{ name: 'position', size: 1 }] }
  readonly actionSpace = { size: 1, names: ['push'], low: [-0.2], high: [0.2] }
  closed = false
  #x = 0
  #rng: Rng

  constructor(seed: number) {
    this.#rng = createRng(seed)
  }

  reset(seed?: number): ResetResult {
    if (seed !== undefined) this.#rng = createRng(seed)
    this.#x = this.#rng.uniform() - 0.5
    return { observation: Float32Array.of(this.#x) }
  }

  step(action: ArrayLike<number>): StepResult {
    if (action[0] === 99) throw new Error('99 is not a push')
    this.#x += action[0]! + 0.01 * this.#rng.normal()
    return { observation: Float32Array.of(this.#x), reward: 1, terminated: Math.abs(this.#x) > 1, truncated: false }
  }

  getState(): EnvState {
    return { values: Float64Array.of(this.#x), meta: { rng: this.#rng.state() } }
  }

  setState({ values, meta }: EnvState): void {
    this.#x = values[0]!
    this.#rng = restoreRng(meta.rng as RngState)
  }

  close(): void {
    this.closed = true
  }
}

export default ({ seed }: EnvFactoryOptions) => new Point(seed)
