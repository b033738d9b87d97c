import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { checkTensorflow } from '@revflow/core'
import * as tf from '@tensorflow/tfjs'
import * as core from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { mlp } from '../src/index.ts'

const require = createRequire(import.meta.url)
const folder = mkdtempSync(join(tmpdir(), 'revflow-second-'))
let second: typeof core

beforeAll(async () => {
  await tf.setBackend('cpu')
  const main = realpathSync(require.resolve('@tensorflow/tfjs-core'))
  cpSync(main, join(folder, 'tf-core.cjs'))
  symlinkSync(join(dirname(main), '../../..'), join(folder, 'node_modules'))
  vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  second = require(join(folder, 'tf-core.cjs'))
})
afterAll(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
})

const net = () => mlp({ inputs: [1], hidden: [2], outputs: 1, activation: 'relu' })

it('@tensorflow/tfjs and @tensorflow/tfjs-core are one copy', () => {
  expect(tf.add).toBe(core.add)
  expect(() => checkTensorflow(core)).not.toThrow()
  net()
})

it('a copy that was loaded before is refused', () => {
  expect(second.engine()).toBe(core.engine())
  expect(() => checkTensorflow(second)).toThrowErrorMatchingInlineSnapshot(
    `[RevflowError: @tensorflow/tfjs-core: expected one copy, 4.22.0, which revflow imports, received another one beside it; install one version of all @tensorflow packages (\`npm ls @tensorflow/tfjs-core\` shows who brings which)]`,
  )
})

it('a copy whose backend is in use is refused', async () => {
  class Stranger extends second.KernelBackend {
    override dispose() {}
  }
  second.registerBackend('stranger', () => new Stranger())
  await second.setBackend('stranger')
  expect(net).toThrow(expect.objectContaining({ code: 'two-tensorflows' }))
  await second.setBackend('cpu')
  second.removeBackend('stranger')
  net()
})
