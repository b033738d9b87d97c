/** log Σ exp(v), however large the values. */
export function logSumExp(values: ArrayLike<number>): number {
  let most = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i++) most = Math.max(most, values[i]!)
  if (!Number.isFinite(most)) return most
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += Math.exp(values[i]! - most)
  return most + Math.log(sum)
}

/**
 * What importance weights w = p̃1/q of samples from q say: the share of effective samples (Σw)²/(n Σw²) in (0, 1], and
 * log Z ≈ log of the mean weight.
 */
export function fromWeights(logWeights: ArrayLike<number>): { ess: number; logZ: number } {
  const n = logWeights.length
  const total = logSumExp(logWeights)
  const squares = logSumExp(Array.from(logWeights, (v) => 2 * v))
  return { ess: Math.exp(2 * total - squares) / n, logZ: total - Math.log(n) }
}
