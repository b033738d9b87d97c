import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { repositoryFiles, root } from '../src/site.ts'

const pages = repositoryFiles('docs').filter((file) => file.endsWith('.md') && !file.startsWith('docs/api/'))
const samplesOf = (file: string) =>
  Array.from(readFileSync(join(root, file), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g), ([, code]) => code!)

beforeAll(() => tf.setBackend('cpu'))

/** A guide's samples are parts of one program, which a test beside its subject runs and checks. */
const guides = pages.filter((file) => file.startsWith('docs/guides/') && samplesOf(file).length > 0)
const samples = pages
  .filter((file) => !guides.includes(file))
  .flatMap((file) => samplesOf(file).map((code, i) => [`${file}, sample ${i + 1}`, code] as const))

describe('samples in the docs run', () => {
  it.each(samples)('%s', async (_, code) => {
    const file = fileURLToPath(new URL('.docs-sample.ts', import.meta.url))
    try {
      writeFileSync(file, `${code}\nexport {}\n`)
      // a query, as modules are kept by their address
      await import(/* @vite-ignore */ `${file}?${samples.findIndex(([, other]) => other === code)}`)
    } finally {
      rmSync(file, { force: true })
    }
  })

  it.each(guides)('%s is run by a test of its own', (guide) => {
    const tests = repositoryFiles().filter((file) => /\/test\/.*\.test\.ts$/.test(file) && !file.startsWith('docs/'))
    expect(tests.filter((file) => readFileSync(join(root, file), 'utf8').includes(guide)).length).toBeGreaterThan(0)
  })
})
