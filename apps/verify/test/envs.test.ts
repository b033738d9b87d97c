import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { verifyEnvs } from '../src/envs.ts'

const fixtures = fileURLToPath(new URL('../../../packages/envs/test/fixtures', import.meta.url))
const copies: string[] = []
afterEach(() => {
  for (const folder of copies.splice(0)) rmSync(folder, { recursive: true })
})

/** Changes the text of a file, gzipped or not. */
function edit(folder: string, file: string, change: (text: string) => string): void {
  const path = join(folder, file)
  const bytes = readFileSync(path)
  if (file.endsWith('.gz')) writeFileSync(path, gzipSync(change(gunzipSync(bytes).toString('utf8'))))
  else writeFileSync(path, change(bytes.toString('utf8')))
}

/** Leaves two domains: all recordings are compared in the environments' own tests. */
const isKept = (name: string) => /^(cheetah|pendulum)/.test(name)
const keepTasks = (text: string) => {
  const { tasks, ...rest } = JSON.parse(text)
  return JSON.stringify({ ...rest, tasks: Object.fromEntries(Object.entries(tasks).filter(([task]) => isKept(task))) })
}

/** A copy of some recordings, to be spoiled. */
function copyOfFixtures(): string {
  const folder = mkdtempSync(join(tmpdir(), 'verify-envs-'))
  copies.push(folder)
  for (const file of ['metadata', 'reproducibility', 'initial_state_stats', 'tolerance_function'])
    cpSync(join(fixtures, `${file}.json.gz`), join(folder, `${file}.json.gz`))
  edit(folder, 'metadata.json.gz', keepTasks)
  edit(folder, 'initial_state_stats.json.gz', keepTasks)
  for (const part of ['models', 'trajectories', 'probes']) {
    mkdirSync(join(folder, part))
    for (const name of readdirSync(join(fixtures, part)).filter(isKept))
      cpSync(join(fixtures, part, name), join(folder, part, name))
  }
  return folder
}

async function verify(folder: string) {
  const lines: Record<string, unknown>[] = []
  const exitCode = await verifyEnvs(folder, (line) => lines.push(JSON.parse(line)))
  return { exitCode, lines, failed: lines.filter(({ ok }) => ok === false) }
}

test('recordings of the implemented tasks are within tolerance', async () => {
  const { exitCode, lines } = await verify(copyOfFixtures())
  expect(exitCode).toBe(0)
  expect(lines.map(({ file }) => file)).toMatchInlineSnapshot(`
    [
      "metadata.json.gz",
      "reproducibility.json.gz",
      "models/cheetah.json.gz",
      "models/pendulum.json.gz",
      "trajectories/cheetah-run.seed0.json.gz",
      "trajectories/pendulum-swingup.seed0.json.gz",
      "probes/cheetah-run.json.gz",
      "probes/pendulum-swingup.json.gz",
      "initial_state_stats.json.gz",
      "tolerance_function.json.gz",
    ]
  `)
  expect(new Set(lines.map(({ ok }) => ok))).toEqual(new Set([true]))
})

test('files that are not gzipped are read as well', async () => {
  const folder = copyOfFixtures()
  const gzipped = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.gz'))
  for (const name of gzipped) {
    writeFileSync(join(folder, name.slice(0, -3)), gunzipSync(readFileSync(join(folder, name))))
    rmSync(join(folder, name))
  }
  const { exitCode, lines } = await verify(folder)
  expect(exitCode).toBe(0)
  expect(new Set(lines.map(({ file, ok }) => `${file} ${ok}`))).toEqual(
    new Set(gzipped.map((name) => `${name.slice(0, -3)} true`)),
  )
})

test('a model that differs is out of tolerance, and all other files are still checked', async () => {
  const folder = copyOfFixtures()
  edit(folder, 'models/pendulum.json.gz', (text) => text.replace('"dof_damping": [0.1]', '"dof_damping": [0.10001]'))
  const { exitCode, lines, failed } = await verify(folder)
  expect(exitCode).toBe(1)
  expect(lines).toHaveLength(10)
  expect(failed).toHaveLength(1)
  expect(failed[0]).toMatchObject({ file: 'models/pendulum.json.gz' })
  expect(failed[0]!.worst).toMatchInlineSnapshot(`"joints[0].dof_damping: 0.1, expected 0.10001"`)
})

test('tasks that are not implemented are skipped with the reason', async () => {
  const folder = copyOfFixtures()
  edit(folder, 'metadata.json.gz', (text) => text.replace('"cheetah-run":', '"cheetah-hop":'))
  cpSync(join(folder, 'probes/cheetah-run.json.gz'), join(folder, 'probes/cheetah-hop.json.gz'))
  const { exitCode, lines } = await verify(folder)
  expect(exitCode).toBe(0)
  expect(lines.filter(({ ok }) => ok === 'skipped')).toMatchInlineSnapshot(`
    [
      {
        "file": "models/cheetah.json.gz",
        "ok": "skipped",
        "reason": "no task of this model is implemented (cheetah-hop)",
      },
      {
        "file": "probes/cheetah-hop.json.gz",
        "ok": "skipped",
        "reason": "task cheetah-hop is not implemented",
      },
    ]
  `)
})

test('a malformed file is named with what is wrong, exit code 2', async () => {
  const folder = copyOfFixtures()
  edit(folder, 'tolerance_function.json.gz', (text) => text.replace('"margin"', '"margins"'))
  writeFileSync(join(folder, 'probes/cheetah-run.json.gz'), 'not gzip')
  const { exitCode, failed } = await verify(folder)
  expect(exitCode).toBe(2)
  expect(failed).toMatchInlineSnapshot(`
    [
      {
        "file": "probes/cheetah-run.json.gz",
        "ok": false,
        "reason": "incorrect header check",
      },
      {
        "file": "tolerance_function.json.gz",
        "ok": false,
        "reason": "tolerance_function.json.gz.cases.0.margin: expected a value of type number, received nothing",
      },
    ]
  `)
})

test('a folder with some of the files is checked as far as it goes', async () => {
  const folder = copyOfFixtures()
  for (const name of ['metadata.json.gz', 'reproducibility.json.gz', 'initial_state_stats.json.gz', 'probes'])
    rmSync(join(folder, name), { recursive: true })
  const { exitCode, lines } = await verify(folder)
  expect(exitCode).toBe(0)
  expect(lines.filter(({ ok }) => ok === true)).toHaveLength(5)
  expect(lines.filter(({ ok }) => ok === 'skipped').map(({ file }) => file)).toEqual([
    'metadata.json',
    'reproducibility.json',
    'probes',
    'initial_state_stats.json',
  ])
})

test('a folder of something else is one line, exit code 2', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'verify-envs-'))
  copies.push(folder)
  const { exitCode, lines } = await verify(folder)
  expect(exitCode).toBe(2)
  expect(lines.map(({ reason }) => reason)).toMatchInlineSnapshot(`
    [
      "expected a folder with some of metadata.json, reproducibility.json, models, trajectories, probes, initial_state_stats.json, tolerance_function.json",
    ]
  `)
})

test('a missing folder is one line, exit code 2', async () => {
  const { exitCode, lines } = await verify(join(tmpdir(), 'no-such-recordings'))
  expect(exitCode).toBe(2)
  expect(lines).toHaveLength(1)
  expect(lines[0]!.reason).toContain('no such file or directory')
})
