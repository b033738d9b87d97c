import { execFileSync } from 'node:child_process'

/** The commit that is measured, short, and whether files differ from it. */
export function currentCommit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim()
  try {
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') ? ' and changes' : ''}`
  } catch {
    return 'unknown'
  }
}
