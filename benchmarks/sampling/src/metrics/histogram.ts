/** Counts over equal bins on [low, high] as a density; `outside` is the share of values that lie in none. */
export interface Histogram {
  readonly low: number
  readonly high: number
  readonly density: readonly number[]
  readonly outside: number
}

export function histogram(values: ArrayLike<number>, { low, high, bins }: { low: number; high: number; bins: number }) {
  const width = (high - low) / bins
  const counts = new Float64Array(bins)
  let outside = 0
  for (let i = 0; i < values.length; i++) {
    const bin = Math.floor((values[i]! - low) / width)
    if (bin >= 0 && bin < bins) counts[bin]! += 1
    else outside += 1
  }
  const density = Array.from(counts, (count) => count / (values.length * width))
  return { low, high, density, outside: outside / values.length } satisfies Histogram
}
