import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findBrowser } from '@revflow/verify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { publicPackages } from '../src/packages.ts'
import { buildPage, openPage } from './browser.ts'
import * as consumer from './consumer.ts'
import { type Registry, startRegistry } from './registry.ts'
import { release } from './release.ts'
import { succeed } from './run.ts'
import { contents, lint, wrongTypes } from './tarball.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const packages = publicPackages(root)
const budgets = z
  .record(z.string(), z.strictObject({ packed: z.number(), unpacked: z.number() }))
  .parse(JSON.parse(readFileSync(new URL('../sizes.json', import.meta.url), 'utf8')))

const temporary = mkdtempSync(join(tmpdir(), 'revflow-published-'))
let registry: Registry
beforeAll(async () => {
  registry = await startRegistry(join(temporary, 'registry'))
  await release(root, join(temporary, 'copy'), registry)
})
afterAll(() => {
  registry?.stop()
  rmSync(temporary, { recursive: true, force: true })
})

const readmeOf = (folder: string) => readFileSync(join(folder, 'README.md'), 'utf8')
const folderName = (name: string) => name.replace('@revflow/', '')

describe.each(packages)('$name as released', ({ name, folder }) => {
  const unpacked = join(temporary, `unpacked-${folderName(name)}`)
  let tarball: string

  beforeAll(async () => {
    mkdirSync(unpacked)
    writeFileSync(join(unpacked, '.npmrc'), registry.npmrc)
    tarball = join(unpacked, (await succeed(unpacked, 'npm', 'pack', '--silent', name)).trim())
    await succeed(unpacked, 'tar', 'xzf', tarball)
  })

  it('holds what is needed and no more, within its budget', () => {
    const { files, bytes } = contents(join(unpacked, 'package'))
    expect(files).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']))
    const others = files.filter((file) => !/^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(file))
    expect(others.filter((file) => !/^(dist|src|bin|python)\//.test(file))).toEqual([])
    // Every built file has its source, to which its map points.
    const sources = others.filter((file) => file.startsWith('dist/')).map((file) => file.replace('dist/', 'src/'))
    const orphans = sources.map((file) => file.replace(/(\.d)?\.[jt]s(\.map)?$/, '.ts'))
    expect(orphans.filter((file) => !others.includes(file))).toEqual([])
    const kilobytes = { packed: statSync(tarball).size / 1000, unpacked: bytes / 1000 }
    const budget = budgets[name]
    expect(budget, `${name} has no budget in sizes.json: ${JSON.stringify(kilobytes)}`).toBeDefined()
    expect(kilobytes.packed).toBeLessThanOrEqual(budget!.packed)
    expect(kilobytes.unpacked).toBeLessThanOrEqual(budget!.unpacked)
  })

  it('passes publint --strict and are-the-types-wrong', async () => {
    expect(await lint(join(unpacked, 'package'))).toEqual([])
    expect(await wrongTypes(new Uint8Array(readFileSync(tarball)))).toEqual([])
  })

  it('needs no package that is not released', () => {
    const { dependencies = {}, peerDependencies = {} } = JSON.parse(
      readFileSync(join(unpacked, 'package/package.json'), 'utf8'),
    )
    const ours = Object.entries({ ...dependencies, ...peerDependencies }).filter(([other]) =>
      other.startsWith('@revflow/'),
    )
    for (const [other, range] of ours) {
      expect(packages.map((released) => released.name)).toContain(other)
      expect(range).toMatch(/^\^\d+\.\d+\.\d+$/)
    }
    expect(JSON.stringify({ dependencies, peerDependencies })).not.toMatch(/workspace:|catalog:/)
  })

  it('installs by the line of its README into an empty project, where the samples are well typed and run', async () => {
    const project = consumer.emptyProject(join(temporary, `npm-${folderName(name)}`), registry)
    const readme = readmeOf(folder)
    const installed = await consumer.npmInstall(project, consumer.installLine(readme))
    expect(installed.code, installed.output).toBe(0)
    expect(consumer.copiesOf('@tensorflow/tfjs-core', join(project, 'node_modules')).length).toBeLessThanOrEqual(1)
    const { typed, plain } = consumer.writeSamples(project, consumer.samplesOf(readme))
    expect(consumer.typeErrors(project, typed)).toEqual([])
    await consumer.runAll(process.execPath, project, plain)
    const node22 = consumer.node22()
    if (node22 === undefined) console.warn(`not run by Node 22: there is none for ${process.platform} ${process.arch}`)
    else await consumer.runAll(node22, project, plain)
    rmSync(project, { recursive: true })
  })
})

it('the command trains in an empty project', async () => {
  const project = consumer.emptyProject(join(temporary, 'command'), registry)
  const installed = await consumer.npmInstall(project, ['@revflow/trainer'])
  expect(installed.code, installed.output).toBe(0)
  expect(await succeed(project, 'npx', 'revflow', 'doctor')).toContain('onnx')
  const small = ['randomSteps=1000', 'evaluateEvery=2000', 'options.batchSize=16', 'options.actorBatchSize=16']
  const options = ['--steps', '2000', ...small.flatMap((option) => ['--set', option])]
  await succeed(project, 'npx', 'revflow', 'train', 'cartpole-swingup', ...options)
  expect(contents(join(project, 'runs')).files).toContainEqual(expect.stringMatching(/curve\.svg$/))
})

it('pnpm installs it where packages see their own dependencies alone, and the samples run', async () => {
  const project = consumer.emptyProject(join(temporary, 'pnpm'), registry)
  const readme = readmeOf(join(root, 'packages/agents'))
  const flags = ['--ignore-scripts', '--prefer-offline', '--config.minimum-release-age=0']
  await succeed(project, 'npx', '-y', 'pnpm@12', 'add', ...flags, ...consumer.installLine(readme))
  expect(consumer.copiesOf('@tensorflow/tfjs-core', join(project, 'node_modules'))).toHaveLength(1)
  const { typed, plain } = consumer.writeSamples(project, consumer.samplesOf(readme))
  expect(consumer.typeErrors(project, typed)).toEqual([])
  await consumer.runAll(process.execPath, project, plain)
})

it('Vite builds it for the browser, where the samples run', async ({ skip }) => {
  const project = consumer.emptyProject(join(temporary, 'vite'), registry)
  const [agents, envs] = ['agents', 'envs'].map((name) => readmeOf(join(root, 'packages', name))) as [string, string]
  const installed = await consumer.npmInstall(project, [...consumer.installLine(agents), ...consumer.installLine(envs)])
  expect(installed.code, installed.output).toBe(0)
  const page = /## In a browser[\s\S]*?```ts\n([\s\S]*?)```/.exec(envs)![1]!
  const learner = `${consumer.samplesOf(agents)[0]!}\ndocument.title = Object.keys(state).join()\n`
  writeFileSync(join(project, 'learner.ts'), learner)
  const modules = await buildPage(project, `import './learner.ts'\n${page}`)
  const copies = modules.flatMap((id) => /.*@tensorflow\/tfjs-core\//.exec(id)?.[0] ?? [])
  expect(new Set(copies).size).toBe(1)
  const browser = findBrowser()
  skip(browser === undefined, 'built, but not opened: no Chromium on the path, or named by CHROMIUM')
  await openPage(project, browser!, async (opened) => {
    await opened.waitForSelector('text=after 1 s')
    expect(await opened.title()).toContain('actor')
  })
})

it('npm refuses another version of TensorFlow.js beside it', async () => {
  const project = consumer.emptyProject(join(temporary, 'two'), registry)
  const { code, output } = await consumer.npmInstall(project, ['@revflow/nn', '@tensorflow/tfjs@4.21.0', '--dry-run'])
  expect(code).not.toBe(0)
  expect(output).toContain('ERESOLVE')
})
