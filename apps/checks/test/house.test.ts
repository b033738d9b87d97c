import { execFile, execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chooseBase, unreleased, withoutChangeset } from '../src/changesets.ts'
import { copyOfHouse, linkDependencies } from '../src/copy.ts'
import { undocumented } from '../src/documented.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const temporary = mkdtempSync(join(tmpdir(), 'revflow-house-'))
afterAll(() => rmSync(temporary, { recursive: true }))

describe('faults planted in a copy of the house', () => {
  const copy = join(temporary, 'copy')
  const schedules = join(copy, 'packages/schedules')
  beforeAll(() => {
    copyOfHouse(root, copy)
    linkDependencies(root, copy)
  })

  /** What a script of the root's package.json prints in the copy, and how it ends. */
  const run = (script: 'check:unused' | 'check:arrows') =>
    new Promise<{ code: number; output: string }>((resolve) => {
      const { scripts } = JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8'))
      const [tool, ...args] = scripts[script].split(' ')
      execFile(join(copy, 'node_modules/.bin', tool), args, { cwd: copy, encoding: 'utf8' }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), output: `${stdout}${stderr}` }),
      )
    })

  it('an unused dependency', async () => {
    const file = join(schedules, 'package.json')
    const manifest = readFileSync(file, 'utf8')
    writeFileSync(file, manifest.replace('"dependencies": {', '"dependencies": {\n    "pure-rand": "8.4.2",'))
    const { code, output } = await run('check:unused')
    writeFileSync(file, manifest)
    expect(code).not.toBe(0)
    expect(output).toMatch(/Unused dependencies \(1\)\s+pure-rand +packages\/schedules\/package\.json/)
  })

  it('imports: deep ones, those against the arrows, circles', async () => {
    const scope = join(schedules, 'node_modules/@revflow')
    symlinkSync(join(copy, 'packages/stein'), join(scope, 'stein'))
    const sources = {
      'against.ts': "import '@revflow/stein'",
      'app.ts': "import '../../../apps/verify/src/index.ts'",
      'by-name.ts': "import '@revflow/core/src/rng.ts'",
      'by-path.ts': "import '../../core/src/rng.ts'",
      'here.ts': "import './there.ts'",
      'there.ts': "import './here.ts'",
    }
    for (const [name, code] of Object.entries(sources)) writeFileSync(join(schedules, 'src', name), code)
    mkdirSync(join(copy, 'packages/novel/src'), { recursive: true })
    writeFileSync(join(copy, 'packages/novel/src/index.ts'), "import 'node:fs'")
    const { code, output } = await run('check:arrows')
    for (const name of Object.keys(sources)) rmSync(join(schedules, 'src', name))
    rmSync(join(copy, 'packages/novel'), { recursive: true })
    rmSync(join(scope, 'stein'))
    expect(code).not.toBe(0)
    for (const fault of [
      'arrows-of-schedules: packages/schedules/src/against.ts → packages/stein/src/index.ts',
      'arrows-of-schedules: packages/schedules/src/app.ts → apps/verify/src/index.ts',
      'no-such-import: packages/schedules/src/by-name.ts → @revflow/core/src/rng.ts',
      'deep-import: packages/schedules/src/by-path.ts → packages/core/src/rng.ts',
      'circle: packages/schedules/src/here.ts',
      'package-without-arrows: packages/novel/src/index.ts',
    ])
      expect(output).toContain(fault)
  })

  it('an undocumented export', () => {
    appendFileSync(join(schedules, 'src/index.ts'), '\nexport const planted = 1\n')
    expect(undocumented(copy)).toEqual([
      expect.stringMatching(
        /^packages\/schedules\/src\/index\.ts:\d+: planted of @revflow\/schedules has no doc comment$/,
      ),
    ])
  })
})

describe('a change without a changeset', () => {
  const repository = join(temporary, 'repository')
  const source = join(repository, 'packages/a/src/index.ts')
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.org', ...args], { cwd: repository })
  const commit = (message: string) => {
    git('add', '-A')
    git('commit', '-qm', message)
  }
  const describePackage = (version: string) =>
    writeFileSync(join(repository, 'packages/a/package.json'), JSON.stringify({ name: '@revflow/a', version }))
  const addChangeset = (name: string) =>
    writeFileSync(join(repository, `.changeset/${name}.md`), '---\n"@revflow/a": minor\n---\n\nA change.\n')

  beforeAll(() => {
    for (const folder of ['packages/a/src', 'apps', 'benchmarks', '.changeset'])
      mkdirSync(join(repository, folder), { recursive: true })
    git('init', '-q', '-b', 'main')
    writeFileSync(join(repository, 'package.json'), '{ "private": true }')
    writeFileSync(join(repository, '.changeset/config.json'), '{}')
    describePackage('1.0.0')
    writeFileSync(source, 'export const a = 1')
    addChangeset('old')
    commit('first')
    git('checkout', '-qb', 'branch')
  })

  it('is found against the main branch, committed or not, until it has one', async () => {
    writeFileSync(join(repository, 'packages/a/README.md'), 'Words.')
    commit('words')
    const compared = chooseBase(repository)
    expect(compared.why).toBe('where it left main')
    expect(await withoutChangeset(repository, compared.base!)).toEqual([])

    writeFileSync(source, 'export const a = 2')
    expect(await withoutChangeset(repository, compared.base!)).toEqual(['@revflow/a'])
    commit('code')
    expect(await withoutChangeset(repository, compared.base!)).toEqual(['@revflow/a'])

    describePackage('0.0.0')
    expect(await withoutChangeset(repository, compared.base!)).toEqual([])
    describePackage('1.0.0')

    addChangeset('new')
    commit('changeset')
    expect(await withoutChangeset(repository, compared.base!)).toEqual([])
  })

  it('is none where it names a package that is not published', async () => {
    expect(await unreleased(repository)).toEqual([])
    const file = join(repository, '.changeset/private.md')
    writeFileSync(file, '---\n"@revflow/a": minor\n"@revflow/benchmark": minor\n---\n\nA change.\n')
    expect(await unreleased(repository)).toEqual(['private: @revflow/benchmark'])
    rmSync(file)
  })

  it('is looked for in the last commit on the main branch; a shallow clone says that it was not', async () => {
    git('checkout', '-q', 'main')
    git('merge', '-q', '--no-ff', '-m', 'merge', 'branch')
    writeFileSync(source, 'export const a = 3')
    commit('more')
    const { base, why } = chooseBase(repository)
    expect(why).toBe('the commit before, as this is the main branch')
    expect(await withoutChangeset(repository, base!)).toEqual(['@revflow/a'])

    const shallow = join(temporary, 'shallow')
    execFileSync('git', ['clone', '-q', '--depth', '1', `file://${repository}`, shallow])
    expect(chooseBase(shallow)).toEqual({ why: 'no commit before this one is here: a shallow clone, or the first' })
    expect(() => chooseBase(shallow, 'elsewhere')).toThrow(expect.objectContaining({ code: 'unknown-reference' }))
  })
})
