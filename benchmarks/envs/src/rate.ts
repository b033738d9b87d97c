/** Steps between two looks at the clock. */
const BLOCK = 20

/** Calls a second by the clock, and a second of the process's processor time, which other work disturbs less. */
export interface Rate {
  readonly wall: number
  readonly cpu: number
}

/** Calls `step` for at least `seconds`. */
export function rate(step: (i: number) => void, seconds: number): Rate {
  let calls = 0
  const start = performance.now()
  const cpu = process.cpuUsage()
  for (;;) {
    for (const end = calls + BLOCK; calls < end; calls++) step(calls)
    const elapsed = (performance.now() - start) / 1000
    if (elapsed < seconds) continue
    const { user, system } = process.cpuUsage(cpu)
    return { wall: calls / elapsed, cpu: (calls * 1e6) / (user + system) }
  }
}
