import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Script } from 'node:vm'
import { RevflowError } from '@revflow/core'
import type { Kind, Name } from './kind.ts'

/** What was done, by path: files written, files that got a line. */
export interface Scaffolded {
  readonly written: readonly string[]
  readonly changed: readonly string[]
  readonly next: readonly string[]
}

/**
 * Starts a thing of a kind in the repository at `root`: its files, its line in the registry, its pages.
 * @throws RevflowError (`invalid-name`, `duplicate-name`, `existing-file`, `reserved-name`) before anything is written
 */
export function scaffold(root: string, what: string, kind: Kind, given: string): Scaffolded {
  const at = (path: string) => join(root, path)
  const name = checkName(root, what, kind, given)
  const files = kind.files(name)
  const { registry, pages } = kind
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(at(path)), { recursive: true })
    // `wx`: whatever has come there since it was checked is kept
    writeFileSync(at(path), text, { flag: 'wx' })
  }
  const edit = (path: string, update: (text: string) => string) =>
    writeFileSync(at(path), update(readFileSync(at(path), 'utf8')))
  edit(registry.path, (text) => register(text, registry, name))
  if (pages.edit) edit(pages.edit.path, (text) => pages.edit!.update(text, name))

  const node = (...args: string[]) => run(root, args)
  // imports in order, lines of the width: names are of any length
  const sources = [...Object.keys(files), registry.path].filter((path) => path.endsWith('.ts'))
  node(createRequire(at('package.json')).resolve('@biomejs/biome/bin/biome'), 'check', '--write', ...sources)
  if (pages.command)
    // a process of its own, which knows the new name
    node('--conditions=revflow-source', '--import', 'tsx', at('apps/scaffold/src/revflow.ts'), ...pages.command)
  return {
    written: Object.keys(files),
    changed: [registry.path, ...(pages.edit ? [pages.edit.path] : []), ...(pages.command?.slice(-1) ?? [])],
    next: kind.next(name),
  }
}

/** Reads a name. @throws RevflowError naming the nearest that can be had */
function checkName(root: string, what: string, kind: Kind, given: string): Name {
  const name = kind.read(given)
  const fault = name
    ? conflict(root, kind, name)
    : { code: 'invalid-name', expected: kind.form, received: given === '' ? 'none' : `'${given}'` }
  if (name && !fault) return name
  const words = given
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .map((word, i) => (i === 0 ? word.replace(/^\d+/, '') : word))
    .filter(Boolean)
  const near = name ? given : kind.nearest(words.length > 0 ? words : ['my', what])
  let choice = near
  for (let i = 2; conflict(root, kind, kind.read(choice)!); i++) choice = kind.variant(near, i)
  throw new RevflowError({ ...fault!, path: `name of the ${what}`, hint: `did you mean '${choice}'?` })
}

/** Why a name cannot be had, if so. */
function conflict(root: string, kind: Kind, name: Name) {
  if (kind.taken().includes(name.name))
    return { code: 'duplicate-name', expected: 'a new name', received: `'${name.name}', which is there` }
  const existing = Object.keys(kind.files(name)).find((path) => existsSync(join(root, path)))
  if (existing !== undefined)
    return { code: 'existing-file', expected: 'a name whose files do not exist', received: `${existing}, which does` }
  // what it is called in the code must be new to its registry and to its template
  const registry = readFileSync(join(root, kind.registry.path), 'utf8')
  const template = Object.values(kind.files({ name: '-', identifier: '-', file: '-' }))
  const code = [registry, ...template].join('\n').replace(/\/\/.*|\/\*[\s\S]*?\*\/|'[^'\n]*'|"[^"\n]*"/g, '')
  if (isKeyword(name.identifier) || new RegExp(`\\b${name.identifier}\\b`).test(code))
    return { code: 'reserved-name', expected: 'a name that is free', received: `'${name.name}', which the code uses` }
  return undefined
}

/** Whether it cannot be declared in a module; the script is compiled, and not run. */
function isKeyword(identifier: string): boolean {
  try {
    new Script(`'use strict'; async () => { const ${identifier} = 0 }`)
    return false
  } catch {
    return true
  }
}

/** The registry with an import and an entry more. */
function register(text: string, { path, end, lines }: Kind['registry'], name: Name): string {
  const { import: line, entry } = lines(name)
  const all = [line, ...text.split('\n')]
  const at = all.indexOf(end)
  if (at > 0) return all.toSpliced(at, 0, entry).join('\n')
  throw new RevflowError({ code: 'invalid-registry', path, expected: `a line '${end}'`, received: 'none' })
}

/** Runs Node there. @throws Error with what it wrote, where it fails */
function run(root: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`node ${args.join(' ')} failed:\n${stdout}${stderr}`)
}
