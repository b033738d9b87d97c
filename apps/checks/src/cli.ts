import { fileURLToPath } from 'node:url'
import { chooseBase, unreleased, withoutChangeset } from './changesets.ts'
import { undocumented } from './documented.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** Each returns what is wrong, a line each. */
const checks: Readonly<Record<string, (argument?: string) => Promise<string[]> | string[]>> = {
  docs: () => undocumented(root),
  async changesets(since) {
    const { base, why } = chooseBase(root, since)
    console.log(base === undefined ? `not compared: ${why}` : `compared with ${base.slice(0, 10)}: ${why}`)
    const names = base === undefined ? [] : await withoutChangeset(root, base)
    return [
      ...names.map((name) => `${name} changed without a changeset: run \`npx -y pnpm@12 changeset\``),
      ...(await unreleased(root)).map((fault) => `.changeset/${fault} is not a package that is published`),
    ]
  },
}

const [name = '', argument] = process.argv.slice(2)
const check = checks[name]
if (check === undefined) {
  console.error(`usage: cli.ts ${Object.keys(checks).join(' | ')} [since]`)
  process.exitCode = 2
} else {
  const faults = await check(argument)
  for (const fault of faults) console.error(fault)
  console.log(`check:${name}: ${faults.length === 0 ? 'nothing found' : `${faults.length} found`}`)
  process.exitCode = faults.length === 0 ? 0 : 1
}
