import { lookUp, RevflowError } from '@revflow/core'
import type { Kind } from './kind.ts'
import { agent } from './kinds/agent.ts'
import { environment } from './kinds/environment.ts'
import { estimator } from './kinds/estimator.ts'
import { scaffold } from './scaffold.ts'

const kinds: Readonly<Record<string, Kind>> = { estimator, agent, environment }

/** `new <kind> <name>` in the repository at `root`. Exit codes: 0 done, 2 the request was wrong. */
export function main([what = '', name = '', ...rest]: readonly string[], root: string): number {
  try {
    const kind = lookUp('kind', what, kinds)
    if (rest.length > 0)
      throw new RevflowError({
        code: 'invalid-name',
        path: `name of the ${what}`,
        expected: 'one',
        received: [name, ...rest].join(' '),
      })
    const { written, changed, next } = scaffold(root, what, kind, name)
    const [first, ...others] = written
    const lines = [
      `wrote   ${first}   ← edit this`,
      ...others.map((path) => `wrote   ${path}`),
      ...changed.map((path) => `changed ${path}`),
      '',
      'It works as it is. To go on:',
      ...next.map((command) => `  ${command}`),
      `How it is done: docs/guides/contribute-an-${what}.md`,
    ]
    process.stdout.write(`${lines.join('\n')}\n`)
    return 0
  } catch (error) {
    if (!(error instanceof RevflowError)) throw error
    process.stderr.write(`new:${what}: ${error.message}\n`)
    return 2
  }
}
