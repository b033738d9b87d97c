import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { copyOfHouse } from '../src/copy.ts'
import type { Registry } from './registry.ts'
import { succeed } from './run.ts'

const pnpm = ['-y', 'pnpm@12']

/** Copies the house to `copy` and releases it from there to the registry, by the script that releases it for good. */
export async function release(root: string, copy: string, registry: Registry): Promise<void> {
  copyOfHouse(root, copy)
  const git = (...args: string[]) =>
    succeed(copy, 'git', '-c', 'user.name=checks', '-c', 'user.email=checks@example.org', ...args)
  await git('init', '-q')
  await git('add', '-A')
  await git('commit', '-qm', 'copy')
  await succeed(copy, 'npx', ...pnpm, 'install', '--frozen-lockfile', '--prefer-offline')
  appendFileSync(join(copy, '.npmrc'), registry.npmrc)
  // What was built here already need not be built again.
  await succeed(copy, 'env', `TURBO_CACHE_DIR=${join(root, '.turbo/cache')}`, 'npx', ...pnpm, 'release')
}
