import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import type { Registry } from './registry.ts'
import { type Ended, run, succeed } from './run.ts'

/** What npm is told besides a README's words: nothing of revflow needs an install script. */
const QUIET = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']

/** The words after `npm install` in a README: what its sample needs. */
export function installLine(readme: string): string[] {
  const words = /^npm install (.*)$/m.exec(readme)?.[1]
  if (words === undefined) throw new Error('the README has no line `npm install …`')
  return words.split(' ')
}

/** The samples of a README that run in Node. */
export const samplesOf = (readme: string): string[] =>
  Array.from(readme.matchAll(/```ts\n([\s\S]*?)```/g), ([, code]) => code!).filter(
    (code) => !code.includes('document.'),
  )

/** An empty project that gets its `@revflow` packages from the registry. */
export function emptyProject(folder: string, registry: Registry): string {
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  writeFileSync(join(folder, '.npmrc'), registry.npmrc)
  return folder
}

export const npmInstall = (project: string, packages: readonly string[]): Promise<Ended> =>
  run(project, 'npm', 'install', ...QUIET, ...packages)

/** Files of TypeScript that say what is wrong with a sample for someone who is strict; empty: nothing. */
export function typeErrors(project: string, files: readonly string[]): string[] {
  const options: ts.CompilerOptions = {
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: [],
  }
  const program = ts.createProgram({ rootNames: files.map((file) => join(project, file)), options })
  const text = ({ messageText }: ts.Diagnostic) => ts.flattenDiagnosticMessageText(messageText, '\n')
  return ts.getPreEmitDiagnostics(program).map(text)
}

/** Writes samples as TypeScript, for its compiler, and without types, for Node; returns the names of both. */
export function writeSamples(project: string, samples: readonly string[]): { typed: string[]; plain: string[] } {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true }
  const names = samples.map((code, i) => {
    writeFileSync(join(project, `sample${i}.ts`), `${code}\nexport {}\n`)
    writeFileSync(join(project, `sample${i}.js`), ts.transpileModule(code, { compilerOptions }).outputText)
    return `sample${i}`
  })
  return { typed: names.map((name) => `${name}.ts`), plain: names.map((name) => `${name}.js`) }
}

/** Node 22 as an npm package, where there is one for this system. */
export function node22(): string | undefined {
  const name = `node-${process.platform}-${process.arch}`
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'bin/node')
  } catch {
    return undefined
  }
}

/** Runs programs one after another. @throws Error with what the first that fails printed */
export async function runAll(node: string, project: string, files: readonly string[]): Promise<void> {
  for (const file of files) await succeed(project, node, file)
}

/** Folders of packages of a name anywhere in a project; links are not followed. */
export function copiesOf(name: string, folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name)
    return [...(path.endsWith(join('node_modules', name)) ? [path] : []), ...copiesOf(name, path)]
  })
}
