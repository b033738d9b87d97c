import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { afterAll, expect, it, vi } from 'vitest'
import { main } from '../src/cli.ts'
import { type EnergyName, energies } from '../src/energies/index.ts'
import { compared } from '../src/methods.ts'
import { makeReference } from '../src/reference/reference.ts'
import { report } from '../src/report.ts'
import { type Job, profiles, readRows, runAll } from '../src/run.ts'

await tf.setBackend('cpu')
const folder = mkdtempSync(join(tmpdir(), 'revflow-sampling-'))
afterAll(() => rmSync(folder, { recursive: true }))

const names = Object.keys(energies) as EnergyName[]
const tiny = { updates: 12, batch: 8, candidates: 8, hidden: 8, round: 4, generated: 8, sdeSteps: 3 }
/** Seconds instead of minutes. */
const sizes = Object.fromEntries(
  names.map((name) => [
    name,
    {
      ...profiles[name],
      train: { ...profiles[name].train, ...tiny },
      flow: { samples: 16, steps: 3 },
      free: { samples: 16, steps: 4, evaluations: 8 },
    },
  ]),
) as typeof profiles

const recipe = { replicas: 4, power: 3, chains: 16, burnIn: 20, moves: 10, thin: 5, leaps: 2 }

/** A short reference where the run looks for the long one. */
async function placeReference(name: EnergyName) {
  const { summary, samples } = await makeReference(energies[name](), recipe)
  writeFileSync(join(folder, `reference-${name}.json`), JSON.stringify(summary))
  writeFileSync(join(folder, `reference-${name}.f32`), samples.subarray(0, 32 * energies[name]().dim))
}

/** Particles take longer to compile, and differ in no more than their network: few of them, and no flow of thirteen. */
const jobs: Job[] = [
  ...compared.trained.map((method): Job => ({ energy: 'mixture', kind: 'trained', method, seed: 0 })),
  { energy: 'mixture', kind: 'training-free', method: 'rfm-two-stage', seed: 0 },
  { energy: 'dw4', kind: 'trained', method: 'rfm', seed: 0 },
  { energy: 'dw4', kind: 'training-free', method: 'idem', seed: 0 },
  { energy: 'lj13', kind: 'training-free', method: 'rfm', seed: 0 },
]

it('runs methods on every energy, goes on where it stopped, and reports', { timeout: 300_000 }, async () => {
  for (const name of names) await placeReference(name)
  const file = join(folder, 'runs.jsonl')
  const said: string[] = []
  const options = { file, folder, say: (line: string) => void said.push(line), sizes }
  await runAll(jobs.slice(0, 3), options)
  await runAll(jobs, options)
  expect(said).toHaveLength(jobs.length)
  const rows = readRows(file)
  expect(rows.map(({ energy, kind, method }) => ({ energy, kind, method, seed: 0 }))).toEqual(jobs)
  for (const row of rows) {
    expect(row.energyW2, JSON.stringify(row)).toBeGreaterThan(0)
    if (row.kind === 'training-free') expect(row.evaluations).toBe(16 * 4 * 8)
    else expect(row).toMatchObject({ evaluations: 12 * 8 * 8, ess: expect.any(Number), curve: expect.any(Array) })
  }
  expect(await report(folder, folder)).toBe(jobs.length)
  const text = readFileSync(join(folder, 'report.md'), 'utf8')
  for (const heading of ['40-mode mixture', 'DW4', 'LJ13', '### Trained', '### Training-free'])
    expect(text).toContain(heading)
  const pictures = [...text.matchAll(/\]\((.*\.svg)\)/g)].map(([, name]) => name!)
  expect(pictures).toHaveLength(10)
  for (const picture of pictures) expect(readFileSync(join(folder, picture), 'utf8')).toContain('</svg>')
})

it('refuses what it does not know', async () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  expect(await main(['run', '--energy', 'dw5'])).toBe(2)
  expect(await main(['run', '--method', 'iden'])).toBe(2)
  expect(stderr.mock.calls.join()).toMatch(/did you mean 'dw4'[\s\S]*did you mean 'idem'/)
  stderr.mockRestore()
})
