import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { jit } from '@revflow/jit'
import { type Estimator, listEstimators, registerEstimator } from '@revflow/stein'
import { type Compile, conformanceChecks } from '@revflow/stein/testing'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'

const guide = fileURLToPath(new URL('../../../docs/guides/contribute-an-estimator.md', import.meta.url))
const file = fileURLToPath(new URL('.guide-sample.ts', import.meta.url))

beforeAll(() => tf.setBackend('cpu'))

describe('the guide to contributing an estimator', () => {
  it('has code that defines an estimator which passes the conformance kit', async () => {
    const blocks = [...readFileSync(guide, 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code)
    expect(blocks).toHaveLength(2)
    try {
      writeFileSync(file, blocks.join('\n'))
      const { wide } = (await import(/* @vite-ignore */ file)) as { wide: Estimator }
      registerEstimator(wide)
      expect(listEstimators()).toContain(wide)
      for (const { run } of conformanceChecks(wide, { compile: jit as unknown as Compile })) await run()
    } finally {
      rmSync(file, { force: true })
    }
  })
})
