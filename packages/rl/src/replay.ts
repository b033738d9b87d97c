import { parseOptions, RevflowError, type Rng } from '@revflow/core'
import { z } from 'zod'

const replaySchema = z.strictObject({
  capacity: z.int().min(1),
  observationSize: z.int().min(1),
  actionSize: z.int().min(1),
})

/** One step of an environment. */
export interface Transition {
  /** s, S numbers */
  readonly observation: ArrayLike<number>
  /** a, A numbers */
  readonly action: ArrayLike<number>
  /** r */
  readonly reward: number
  /** s', S numbers */
  readonly nextObservation: ArrayLike<number>
  /** Whether s' is terminal. A time limit is not: its successor's value is still bootstrapped. */
  readonly terminated: boolean
}

/** B transitions, row-major. */
export interface ReplayBatch {
  readonly observation: Float32Array
  readonly action: Float32Array
  readonly reward: Float32Array
  readonly nextObservation: Float32Array
  /** 1 or 0 */
  readonly terminated: Float32Array
}

/** A uniform replay buffer; {@link createReplay} makes one. */
export interface Replay {
  /** Transitions held. */
  readonly size: number
  /** Transitions it can hold. */
  readonly capacity: number
  /** Bytes allocated. */
  readonly bytes: number
  /** Adds a transition over the oldest. @throws RevflowError (`shape-mismatch`) */
  add(transition: Transition): void
  /** Draws `batch` transitions uniformly with replacement, into `out` where given. @throws RevflowError (`empty-replay`) */
  sample(rng: Rng, batch: number, out?: ReplayBatch): ReplayBatch
  /** Views of what is held (not copies) and the position written next. */
  state(): ReplayState
  /** Takes a state over. @throws RevflowError (`shape-mismatch`) where it does not fit this replay */
  restore(state: ReplayState): void
}

/** What a replay holds, for checkpoints. */
export interface ReplayState {
  readonly arrays: ReplayBatch
  readonly position: number
}

/**
 * A uniform replay buffer in typed arrays that are allocated once: 4·(2S + A + 2) bytes a transition, so a million
 * transitions of cheetah-run (S = 17, A = 6) take 168 MB of address space, which the system backs as it is filled.
 * @throws RevflowError (`invalid-option`), also where the machine has no room for them
 */
export function createReplay(options: z.input<typeof replaySchema>): Replay {
  const { capacity, observationSize, actionSize } = parseOptions(replaySchema, options, 'replay')
  const widths = {
    observation: observationSize,
    action: actionSize,
    reward: 1,
    nextObservation: observationSize,
    terminated: 1,
  }
  const fields = Object.entries(widths) as [keyof ReplayBatch, number][]
  const allocate = (n: number) =>
    Object.fromEntries(fields.map(([field, width]) => [field, new Float32Array(n * width)])) as unknown as ReplayBatch
  const store = allocateOrRefuse(() => allocate(capacity), capacity)
  let size = 0
  let position = 0

  const check = (field: keyof ReplayBatch, received: number, rows: number) => {
    if (received === rows * widths[field]) return
    const expected = `${rows * widths[field]} numbers`
    throw new RevflowError({ code: 'shape-mismatch', path: `replay.${field}`, expected, received: `${received}` })
  }

  return {
    capacity,
    get size() {
      return size
    },
    bytes: fields.reduce((sum, [field]) => sum + store[field].byteLength, 0),
    add({ observation, action, reward, nextObservation, terminated }) {
      check('observation', observation.length, 1)
      check('action', action.length, 1)
      check('nextObservation', nextObservation.length, 1)
      store.observation.set(observation, position * observationSize)
      store.action.set(action, position * actionSize)
      store.reward[position] = reward
      store.nextObservation.set(nextObservation, position * observationSize)
      store.terminated[position] = terminated ? 1 : 0
      position = (position + 1) % capacity
      size = Math.min(size + 1, capacity)
    },
    sample(rng, batch, out = allocate(batch)) {
      if (size === 0)
        throw new RevflowError({
          code: 'empty-replay',
          path: 'replay.sample',
          expected: 'a transition',
          received: 'none',
        })
      for (const [field] of fields) check(field, out[field].length, batch)
      for (let row = 0; row < batch; row++) {
        const index = rng.integer(size)
        for (const [field, width] of fields) {
          const [from, to] = [index * width, row * width]
          for (let i = 0; i < width; i++) out[field][to + i] = store[field][from + i]!
        }
      }
      return out
    },
    state() {
      const arrays = fields.map(([field, width]) => [field, store[field].subarray(0, size * width)])
      return { arrays: Object.fromEntries(arrays) as unknown as ReplayBatch, position }
    },
    restore(state) {
      const rows = state.arrays.reward.length
      for (const [field] of fields) check(field, state.arrays[field].length, rows)
      if (rows > capacity || state.position !== rows % capacity)
        if (rows !== capacity || state.position >= capacity)
          throw new RevflowError({
            code: 'shape-mismatch',
            path: 'replay.position',
            expected: `the end of ${rows} transitions within a capacity of ${capacity}`,
            received: `${state.position}`,
          })
      for (const [field] of fields) store[field].set(state.arrays[field])
      size = rows
      position = state.position
    },
  }
}

function allocateOrRefuse<T>(allocate: () => T, capacity: number): T {
  try {
    return allocate()
  } catch (cause) {
    throw new RevflowError(
      {
        code: 'invalid-option',
        path: 'replay.capacity',
        expected: 'a number of transitions that fit into memory',
        received: `${capacity}`,
      },
      { cause },
    )
  }
}
