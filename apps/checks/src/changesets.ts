import { execFileSync } from 'node:child_process'
import { relative } from 'node:path'
import readChangesets from '@changesets/read'
import { RevflowError } from '@revflow/core'
import { publicPackages } from './packages.ts'

export interface Comparison {
  /** The commit that the work tree is compared with; none: there is nothing to compare with. */
  readonly base?: string
  readonly why: string
}

const git = (root: string, ...args: string[]): string | undefined => {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}

/**
 * What the work tree is compared with: where it left the reference given, or the main branch; on the main branch itself,
 * the commit before.
 * @throws RevflowError (`unknown-reference`)
 */
export function chooseBase(root: string, since?: string): Comparison {
  const head = git(root, 'rev-parse', 'HEAD')
  for (const reference of since === undefined ? ['origin/main', 'main'] : [since]) {
    const base = git(root, 'merge-base', reference, 'HEAD')
    if (base !== undefined && (base !== head || since !== undefined)) return { base, why: `where it left ${reference}` }
  }
  if (since !== undefined)
    throw new RevflowError({
      code: 'unknown-reference',
      path: '--since',
      expected: 'a branch or commit that this one comes from',
      received: `'${since}'`,
      hint: 'a shallow clone may lack it',
    })
  const base = git(root, 'rev-parse', 'HEAD^')
  return base === undefined
    ? { why: 'no commit before this one is here: a shallow clone, or the first' }
    : { base, why: 'the commit before, as this is the main branch' }
}

/**
 * The public packages whose sources changed since `base` without a changeset, by name. Of a package that was never
 * released (version 0.0.0) any changeset will do: it will be the entry of the first release.
 */
export async function withoutChangeset(root: string, base: string): Promise<string[]> {
  const named = (changesets: Awaited<ReturnType<typeof readChangesets>>) =>
    new Set(changesets.flatMap(({ releases }) => releases.map(({ name }) => name)))
  const [all, since] = [named(await readChangesets(root)), named(await readChangesets(root, base))]
  const changed = (folder: string) =>
    git(root, 'status', '--porcelain', '--', folder) || git(root, 'diff', '--name-only', base, '--', folder)
  return publicPackages(root)
    .filter(({ folder }) => changed(`${relative(root, folder)}/src`))
    .filter(({ name, version }) => !(version === '0.0.0' ? all : since).has(name))
    .map(({ name }) => name)
}

/** What changesets name besides public packages, `changeset: package` each: a release fails of it. */
export async function unreleased(root: string): Promise<string[]> {
  const released = new Set(publicPackages(root).map(({ name }) => name))
  return (await readChangesets(root)).flatMap(({ id, releases }) =>
    releases.filter(({ name }) => !released.has(name)).map(({ name }) => `${id}: ${name}`),
  )
}
