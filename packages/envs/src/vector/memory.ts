/** Rows of all environments, in memory that threads share. */
export interface SharedRows {
  /** [n, A]. */
  readonly actions: Float64Array
  /** [n, S]: after a step, of the new episode where one ended. */
  readonly observation: Float32Array
  /** [n, S]: last observation of the ended episode; stale in other rows. */
  readonly finalObservation: Float32Array
  /** [n]. */
  readonly reward: Float64Array
  /** [n], 0 or 1. */
  readonly terminated: Uint8Array
  /** [n], 0 or 1. */
  readonly truncated: Uint8Array
}

export function createRows(n: number, observationSize: number, actionSize: number): SharedRows {
  const float32 = (length: number) => new Float32Array(new SharedArrayBuffer(4 * length))
  const float64 = (length: number) => new Float64Array(new SharedArrayBuffer(8 * length))
  const bytes = () => new Uint8Array(new SharedArrayBuffer(n))
  return {
    actions: float64(n * actionSize),
    observation: float32(n * observationSize),
    finalObservation: float32(n * observationSize),
    reward: float64(n),
    terminated: bytes(),
    truncated: bytes(),
  }
}
