/**
 * log Z1/Z0 of two neighbouring replicas by Bennett's acceptance ratio (J. Comput. Phys. 22, 1976, 245), from as many
 * samples of each: the C with Σ_0 1/(1 + e^{C − w}) = Σ_1 1/(1 + e^{w − C}), w = log p̃1/p̃0 at the samples of 0 and of 1.
 */
export function bennett(w0: ArrayLike<number>, w1: ArrayLike<number>): number {
  const excess = (c: number) => {
    let sum = 0
    for (let i = 0; i < w0.length; i++) sum += 1 / (1 + Math.exp(c - w0[i]!))
    for (let i = 0; i < w1.length; i++) sum -= 1 / (1 + Math.exp(w1[i]! - c))
    return sum
  }
  // the excess falls with c
  let [low, high] = [-1e4, 1e4]
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (excess(middle) > 0) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/**
 * log Z of the last replica over the first, summed over neighbours, with the standard error over groups of chains.
 * @param slopes d log p̃/dλ at kept states, [kept][replicas·chains]
 */
export function freeEnergy(
  slopes: readonly Float32Array[],
  lambdas: readonly number[],
  { chains, groups = 16 }: { chains: number; groups?: number },
): { logZ: number; error: number } {
  const of = (group: number | undefined) => {
    const own = Array.from({ length: chains }, (_, c) => c).filter((c) => group === undefined || c % groups === group)
    const works = (replica: number, by: number) =>
      Float64Array.from(slopes.flatMap((row) => own.map((c) => by * row[replica * chains + c]!)))
    return lambdas.slice(1).reduce((sum, lambda, i) => {
      const by = lambda - lambdas[i]!
      return sum + bennett(works(i, by), works(i + 1, by))
    }, 0)
  }
  const parts = Array.from({ length: groups }, (_, group) => of(group))
  const mean = parts.reduce((a, b) => a + b) / groups
  const variance = parts.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (groups - 1)
  return { logZ: of(undefined), error: Math.sqrt(variance / groups) }
}
