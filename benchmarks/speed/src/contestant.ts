import type { HostTensor } from '@revflow/jit'
import type { UpdateProblem, UpdateSize } from './problem.ts'

/** Timings of several calls one after the other. */
export interface Block {
  /** Milliseconds of each call by the clock. */
  readonly ms: readonly number[]
  /** Milliseconds of processor time a call, of all threads. */
  readonly cpuMs: number
}

/** What the first update gave that can be compared: metrics, the moments of Adam. */
export type Outputs = ReadonlyMap<string, ArrayLike<number>>

/** A policy step: one observation, and noise. */
export interface PolicyStep {
  readonly observation: HostTensor
  readonly noise: Readonly<Record<string, HostTensor>>
}

/** A way to compute updates, timed in turn with others. */
export interface Contestant {
  readonly name: string
  /** Prepares a problem, makes one update. `compileMs` includes that update. */
  setup(problem: UpdateProblem, size: UpdateSize): Promise<{ compileMs: number; outputs: Outputs; flops?: number }>
  /** n updates, each from the state that the one before left. */
  run(n: number): Promise<Block>
  /** Prepares policy steps with the problem's networks; the first action. */
  setupPolicy(step: PolicyStep): Promise<ArrayLike<number>>
  runPolicy(n: number): Promise<Block>
  /** n times five products [rows, hidden]·[hidden, hidden] in a row. */
  products(n: number, rows: number, hidden: number): Promise<Block>
  close(): Promise<void>
}

/** Whether an output is compared. Adam's first step turns rounding of a gradient near 0 into a whole step: not parameters. */
export const isCompared = (path: string): boolean =>
  /^metrics\/|^state\/(actorAdam|criticAdam)\/(first|second)$/.test(path)

/** Greatest difference of outputs, relative to the greatest number of the array they are in. */
export function difference(a: Outputs, b: Outputs): number {
  let most = 0
  for (const [path, values] of a) {
    const others = b.get(path)
    if (others?.length !== values.length) throw new Error(`${path}: not the same outputs`)
    const list = Array.from(values)
    const scale = list.reduce((greatest, value) => Math.max(greatest, Math.abs(value)), 1e-12)
    const worst = list.reduce((d, value, i) => Math.max(d, Math.abs(value - others[i]!)), 0)
    // a comparison with NaN must not pass
    most = Number.isNaN(worst) ? worst : Math.max(most, worst / scale)
  }
  return most
}

/** Times n calls. */
export async function timeBlock(n: number, call: () => Promise<unknown>): Promise<Block> {
  const ms: number[] = []
  const cpu = process.cpuUsage()
  for (let i = 0; i < n; i++) {
    const start = performance.now()
    await call()
    ms.push(performance.now() - start)
  }
  const { user, system } = process.cpuUsage(cpu)
  return { ms, cpuMs: (user + system) / 1000 / n }
}
