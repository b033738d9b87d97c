import { readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

/** What publint, in its strict form, finds in a package unpacked at `folder`. */
export async function lint(folder: string): Promise<string[]> {
  const { messages, pkg } = await publint({ pkgDir: folder, strict: true, pack: false })
  return messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code)
}

/** How a package is imported that is ESM alone: by Node's `import`, and by bundlers. */
const RESOLUTIONS: readonly string[] = ['node16-esm', 'bundler']

/** What are-the-types-wrong finds in a tarball, for importers of ESM. */
export async function wrongTypes(tarball: Uint8Array): Promise<string[]> {
  const result = await checkPackage(createPackageFromTarballData(tarball))
  if (result.types === false) return ['it has no types']
  return result.problems
    .filter((problem) => !('resolutionKind' in problem) || RESOLUTIONS.includes(problem.resolutionKind))
    .map((problem) => JSON.stringify(problem))
}

/** The files below a folder, by relative path, and what they weigh. */
export function contents(folder: string): { files: string[]; bytes: number } {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = entries.map((entry) => join(entry.parentPath, entry.name))
  const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0)
  return { files: paths.map((path) => relative(folder, path)).sort(), bytes }
}
