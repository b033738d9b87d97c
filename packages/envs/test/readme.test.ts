import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as envs from '../src/index.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

test('the sample in the README runs', async () => {
  const sample = /```ts\n([\s\S]*?)```/.exec(readme)![1]!
  // An import statement becomes a destructuring, the one type assertion goes: what is left is JavaScript.
  const script = sample.replace(/import (\{.*\}) from '@revflow\/envs'/, 'const $1 = envs').replaceAll(']!', ']')
  const run = new Function('envs', `return (async () => {${script}; return total })()`) as (
    library: typeof envs,
  ) => Promise<number>
  const total = await run(envs)
  expect(total).toBeGreaterThan(0)
  expect(total).toBeLessThan(1000)
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
