import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { afterAll, describe, expect, it } from 'vitest'
import { type EnergyName, energies } from '../src/energies/index.ts'
import { methods } from '../src/methods.ts'
import { makeReference } from '../src/reference/reference.ts'
import { type Profile, profiles, runJob } from '../src/run.ts'

await tf.setBackend('cpu')
const folder = mkdtempSync(join(tmpdir(), 'revflow-sampling-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Seconds instead of minutes. */
const small = (name: EnergyName): Profile => ({
  ...profiles[name],
  train: {
    ...profiles[name].train,
    updates: 12,
    batch: 8,
    candidates: 8,
    hidden: 8,
    round: 4,
    generated: 8,
    sdeSteps: 3,
  },
  flow: { samples: 16, steps: 3 },
  free: { samples: 16, steps: 4, evaluations: 8 },
})

const recipe = { replicas: 4, power: 3, chains: 16, burnIn: 20, moves: 10, thin: 5, leaps: 2 }

/** A short reference where the run looks for the long one. */
async function placeReference(name: EnergyName) {
  const { summary, samples } = await makeReference(energies[name](), recipe)
  writeFileSync(join(folder, `reference-${name}.json`), JSON.stringify(summary))
  writeFileSync(join(folder, `reference-${name}.f32`), samples)
}

describe.each(Object.keys(energies) as EnergyName[])('%s', (name) => {
  it('is sampled, trained on and measured by every method', async () => {
    await placeReference(name)
    // thirteen particles take long to compile: the two methods that differ most
    const tried = name === 'lj13' ? ['idem', 'rfm-two-stage'] : Object.keys(methods)
    for (const method of tried)
      for (const kind of ['trained', 'training-free'] as const) {
        const row = await runJob({ energy: name, kind, method, seed: 0 }, folder, small(name))
        expect(row.energyW2, `${method} ${kind}`).toBeGreaterThan(0)
        expect(Number.isFinite(row.energyW2)).toBe(true)
        if (kind === 'trained') {
          expect(row.evaluations).toBe(12 * 8 * 8)
          expect(row.ess).toBeGreaterThan(0)
          expect(row.curve!.every(({ loss }) => Number.isFinite(loss))).toBe(true)
        } else expect(row.evaluations).toBe(16 * 4 * 8)
      }
  })
})
