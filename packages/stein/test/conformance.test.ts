import { createRequire } from 'node:module'
import { dirname, sep } from 'node:path'
import { jit } from '@revflow/jit'
import { defineEstimator, importanceSampling, listEstimators, sourceProposal } from '@revflow/stein'
import { type Compile, conformanceChecks } from '@revflow/stein/testing'
import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { beforeAll, describe, expect, it } from 'vitest'

beforeAll(async () => {
  setWasmPaths(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep)
  await tf.setBackend('wasm')
})

const compile = jit as unknown as Compile

describe.each(listEstimators().map((estimator) => [estimator.name, estimator] as const))('%s', (_, estimator) => {
  it.each(conformanceChecks(estimator, { compile }))('$name', ({ run }) => run())
})

describe('the conformance kit', () => {
  const sound = importanceSampling({ proposal: sourceProposal })
  const flawed = (changes: object) =>
    defineEstimator({ name: 'flawed', reference: 'test', targets: ['unbounded'], ...sound, ...changes })
  const findings = async (changes: object) => {
    const failed: string[] = []
    for (const { name, run } of conformanceChecks(flawed(changes), { compile }))
      try {
        await run()
      } catch {
        failed.push(name)
      }
    return failed
  }

  it('passes what is sound and names each flaw', async () => {
    expect(await findings({})).toEqual([])
    expect(await findings({ cost: (k: number) => k + 1 })).toEqual(['states its cost and its need of gradients'])
    const biased: typeof sound.estimate = (problem, noise) => {
      const { data, ...rest } = sound.estimate(problem, noise)
      return { ...rest, data, noise: tf.add(rest.noise, 0.1) }
    }
    expect(await findings({ estimate: biased })).toEqual(
      expect.arrayContaining([
        'has shapes [B, d] and [B], and x = α E[X1|x] + β E[X0|x]',
        'has a squared error that falls as 1/K',
      ]),
    )
    const boastful: typeof sound.estimate = (problem, noise) => {
      const { diagnostics, ...rest } = sound.estimate(problem, noise)
      return { ...rest, diagnostics: { ...diagnostics, standardError: tf.mul(0.1, diagnostics.standardError) } }
    }
    expect(await findings({ estimate: boastful })).toEqual(['knows its standard error'])
  })
})
