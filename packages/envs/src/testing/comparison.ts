/** Outcome of comparing many numbers, each with its own tolerance. */
export interface Comparison {
  /** Every number within its tolerance, and at least one compared. */
  readonly ok: boolean
  /** Numbers compared. */
  readonly compared: number
  /** Deviation of the worst number: that with the largest ratio of deviation to tolerance. */
  readonly error: number
  /** Tolerance of the worst number. */
  readonly tolerance: number
  /** Which number that was, and its values; absent where nothing deviated at all. */
  readonly worst?: string
}

/** Collects deviations and keeps the worst. */
export interface Comparer {
  /** Compares two numbers, or arrays element by element; NaN equals NaN, infinities equal themselves. */
  check(
    where: string,
    actual: number | ArrayLike<number>,
    expected: number | ArrayLike<number>,
    tolerance: number,
  ): void
  /** As `check`, with a tolerance relative to the expected number, and an absolute one near zero. */
  checkRelative(
    where: string,
    actual: ArrayLike<number>,
    expected: ArrayLike<number>,
    relative: number,
    absolute: number,
  ): void
  /** Notes a difference that no tolerance can allow. */
  fail(what: string): void
  result(): Comparison
}

const toArray = (value: number | ArrayLike<number>): ArrayLike<number> => (typeof value === 'number' ? [value] : value)

/** @param tolerance reported where nothing deviated */
export function createComparer(tolerance: number): Comparer {
  let compared = 0
  let worst: { ratio: number; error: number; tolerance: number; where: string } | undefined
  const note = (where: string, error: number, allowed: number) => {
    const ratio = error === 0 ? 0 : error / allowed
    if (ratio > (worst?.ratio ?? 0)) worst = { ratio, error, tolerance: allowed, where }
  }
  const compare = (where: string, actual: number, expected: number, allowed: number) => {
    compared++
    if (Object.is(actual, expected) || actual === expected) return
    const error = Math.abs(actual - expected)
    note(`${where}: ${actual}, expected ${expected}`, Number.isNaN(error) ? Infinity : error, allowed)
  }
  const each = (where: string, a: ArrayLike<number>, b: ArrayLike<number>, allowed: (value: number) => number) => {
    if (a.length !== b.length) return note(`${where}: ${a.length} numbers, expected ${b.length}`, Infinity, 1)
    for (let i = 0; i < b.length; i++) compare(b.length > 1 ? `${where}[${i}]` : where, a[i]!, b[i]!, allowed(b[i]!))
  }
  return {
    check: (where, actual, expected, allowed) => each(where, toArray(actual), toArray(expected), () => allowed),
    checkRelative: (where, actual, expected, relative, absolute) =>
      each(where, actual, expected, (value) => Math.max(relative * Math.abs(value), absolute)),
    fail: (what) => note(what, Infinity, 1),
    result: () => ({
      ok: compared > 0 && (worst?.ratio ?? 0) <= 1,
      compared,
      error: worst?.error ?? 0,
      tolerance: worst?.tolerance ?? tolerance,
      ...(worst && { worst: worst.where }),
    }),
  }
}
