import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'

/** Where, when and of what a measurement is. */
export interface Circumstances {
  /** Today, as 2026-12-31 */
  readonly date: string
  /** The commit that is measured, short, and whether files differ from it. */
  readonly commit: string
  /** Processors, as 2 × AMD EPYC */
  readonly machine: string
  /** The version of Node, as v20.19.0 */
  readonly node: string
}

export const circumstances = (): Circumstances => ({
  date: new Date().toISOString().slice(0, 10),
  commit: currentCommit(),
  machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
  node: process.version,
})

/** Days, machines and commits of one measurement or more, in a sentence without its verb. */
export function inWords(all: readonly Circumstances[]): string {
  const days = all.map(({ date }) => date).sort()
  const period = days[0] === days.at(-1) ? days[0] : `${days[0]} to ${days.at(-1)}`
  const each = (of: (one: Circumstances) => string) => [...new Set(all.map(of))].join(', ')
  return `${period} on ${each(({ machine, node }) => `${machine}, Node ${node}`)}, commit ${each(({ commit }) => commit)}`
}

function currentCommit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8', cwd: import.meta.dirname }).trim()
  try {
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') ? ' and changes' : ''}`
  } catch {
    return 'unknown'
  }
}
