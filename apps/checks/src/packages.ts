import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const manifestSchema = z.looseObject({ name: z.string(), version: z.string(), private: z.boolean().default(false) })

export interface PublicPackage {
  readonly name: string
  readonly version: string
  /** Absolute. */
  readonly folder: string
}

/** The packages of the workspace that are published, by name. */
export function publicPackages(root: string): PublicPackage[] {
  const folders = ['packages', 'apps', 'benchmarks'].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => join(root, group, name)),
  )
  return folders
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => ({
      folder,
      ...manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))),
    }))
    .filter((manifest) => !manifest.private)
    .map(({ name, version, folder }) => ({ name, version, folder }))
}
