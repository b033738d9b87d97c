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

function currentCommit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8', cwd: import.meta.dirname }).trim()
  try {
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') ? ' and changes' : ''}`
  } catch {
    return 'unknown'
  }
}
