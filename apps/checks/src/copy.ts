import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Copies what git tracks or would track, less results of benchmarks and pictures, to a folder. */
export function copyOfHouse(root: string, to: string): void {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '--', ':!benchmarks/results', ':!docs']
  const files = execFileSync('git', list, { cwd: root, encoding: 'utf8' }).trim().split('\n')
  for (const file of files) if (existsSync(join(root, file))) cpSync(join(root, file), join(to, file))
}

/** Gives a copy the dependencies installed here; packages of the house are those of the copy. Not for pnpm to run in. */
export function linkDependencies(root: string, copy: string): void {
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  const list = ['ls-files', '--', '*/package.json']
  const manifests = execFileSync('git', list, { cwd: root, encoding: 'utf8' }).trim().split('\n')
  for (const folder of manifests.map(dirname)) {
    const links = join(root, folder, 'node_modules')
    const options = { recursive: true, verbatimSymlinks: true } as const
    if (existsSync(links) && existsSync(join(copy, folder))) cpSync(links, join(copy, folder, 'node_modules'), options)
  }
}
