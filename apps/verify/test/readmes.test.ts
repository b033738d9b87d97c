import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const packages = fileURLToPath(new URL('../../../packages', import.meta.url))
/** envs tests its own sample, whose environment has to be closed. */
const names = readdirSync(packages).filter((name) => name !== 'envs')

describe('the sample of each README runs', () => {
  it.each(names)('%s', async (name) => {
    const sample = /```ts\n([\s\S]*?)```/.exec(readFileSync(`${packages}/${name}/README.md`, 'utf8'))?.[1]
    expect(sample).toBeDefined()
    // beside the package's tests, so that imports resolve as they do there
    const file = `${packages}/${name}/test/.readme-sample.ts`
    try {
      writeFileSync(file, `${sample}\nexport {}\n`)
      await import(/* @vite-ignore */ file)
    } finally {
      if (existsSync(file)) rmSync(file)
    }
  })
})
