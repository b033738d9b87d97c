import { cpSync, mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repository = fileURLToPath(new URL('../../..', import.meta.url))

/** What scaffolds touch, and what runs it. */
const PARTS = ['packages', 'apps', 'benchmarks/estimators', 'benchmarks/shared', 'docs', '.changeset', '.gitignore', 'biome.json', 'package.json', 'tsconfig.base.json', 'tsconfig.json', 'vitest.config.ts'] // biome-ignore format: one list

/** A temporary copy of the repository; links within it lead to the copy, the installed packages are shared. */
export function copyOfRepository(): string {
  const copy = mkdtempSync(join(tmpdir(), 'revflow-scaffold-'))
  for (const part of PARTS)
    cpSync(join(repository, part), join(copy, part), {
      recursive: true,
      // links between packages are relative
      verbatimSymlinks: true,
      filter: (path) => !['dist', 'fixtures', 'runs', '.turbo'].includes(basename(path)),
    })
  symlinkSync(join(repository, 'node_modules'), join(copy, 'node_modules'))
  return copy
}
