import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { RevflowError } from '@revflow/core'
import type { Assets } from './physics.ts'

/** Attributes of MJCF that name a file (`file`, `fileright`, …), and those that name where files are. */
const fileAttribute = /\sfile(?:right|left|up|down|front|back)?\s*=\s*["']([^"']+)["']/g
const folderAttribute = /\s(?:assetdir|meshdir|texturedir)\s*=\s*["']([^"']+)["']/g

const read = (file: string): Buffer => {
  try {
    return readFileSync(file)
  } catch (cause) {
    const received = (cause as Error).message
    throw new RevflowError({ code: 'unreadable-file', path: file, expected: 'a file with MJCF', received }, { cause })
  }
}

/**
 * Reads a model with all files it refers to: `defineTask({ ...readMjcf('robot.xml'), … })`. Paths are relative to the
 * model's folder, or to its `meshdir`, `texturedir` or `assetdir`; included files are searched too. A file that is not
 * there is left out: MuJoCo says where it is missed.
 * @throws RevflowError (`unreadable-file`)
 */
export function readMjcf(file: string): { xml: string; assets: Assets } {
  const root = dirname(file)
  const xml = read(file).toString('utf8')
  const folders = new Set(['.'])
  const names = new Set<string>()
  const assets: Record<string, Uint8Array> = {}
  const matches = (text: string, attribute: RegExp) => Array.from(text.matchAll(attribute), ([, value]) => value!)

  const search = (text: string) => {
    for (const folder of matches(text, folderAttribute)) folders.add(folder)
    for (const name of matches(text, fileAttribute)) {
      if (names.has(name)) continue
      names.add(name)
      if (name.endsWith('.xml') && existsSync(join(root, name))) search(read(join(root, name)).toString('utf8'))
    }
  }
  search(xml)
  // Only now are all folders known: an included file may name one.
  for (const name of names)
    for (const folder of folders) {
      const path = posix.join(folder, name)
      if (existsSync(join(root, path))) assets[path] = read(join(root, path))
    }
  return { xml, assets }
}
