import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import * as envs from '../src/index.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

// Those of pages need a browser.
const samples = Array.from(readme.matchAll(/```ts\n([\s\S]*?)```/g), ([, code]) => code!).filter(
  (code) => !code.includes('document.'),
)

test.each(samples.map((code, i) => [i, code] as const))('sample %i in the README runs', async (i, code) => {
  // Beside the tests, so that imports resolve as they do here.
  const file = fileURLToPath(new URL(`./.readme-sample-${i}.ts`, import.meta.url))
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  try {
    writeFileSync(file, `${code}\nexport ${i === 0 ? '{ total }' : '{}'}\n`)
    const { total } = (await import(/* @vite-ignore */ file)) as { total?: number }
    if (i !== 0) return
    expect(total).toBeGreaterThan(0)
    expect(total).toBeLessThan(1000)
  } finally {
    rmSync(file)
    log.mockRestore()
  }
})

test('the table in the README lists every task', () => {
  const rows = [...readme.matchAll(/^\| `([a-z\d_-]+)` +\| (\d+) +\| (\d+) +\|/gm)]
  const listed = rows.map(([, name, observation, action]) => ({
    name,
    observation: Number(observation),
    action: Number(action),
  }))
  const expected = envs.listTasks().map(({ name, observationSize, actionSize }) => ({
    name,
    observation: observationSize,
    action: actionSize,
  }))
  expect(listed).toEqual(expected)
})
