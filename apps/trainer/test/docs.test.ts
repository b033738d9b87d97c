import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { domainPage, domains, domainsIndex } from '../src/commands/env-pages.ts'
import { estimatorsPage } from '../src/commands/estimators.ts'

const docs = (path: string) => new URL(`../../../docs/${path}`, import.meta.url)

describe('docs/estimators.md', () => {
  it('is what `revflow estimators --docs docs/estimators.md` writes today', () => {
    const file = fileURLToPath(docs('estimators.md'))
    expect(readFileSync(file, 'utf8')).toBe(estimatorsPage(file))
  })
})

describe('docs/envs is what `revflow envs --docs docs/envs` writes today', () => {
  it.each([...domains()])('%s', async (domain, tasks) => {
    expect(readFileSync(docs(`envs/${domain}.md`), 'utf8')).toBe(await domainPage(domain, tasks))
  })

  it('a page for each domain, and a list of them', () => {
    expect(readdirSync(docs('envs')).sort()).toEqual([...domains().keys(), 'index'].map((name) => `${name}.md`).sort())
    expect(readFileSync(docs('envs/index.md'), 'utf8')).toBe(domainsIndex())
  })

  it('every task says what is to be done, and what its numbers are', async () => {
    for (const [domain, tasks] of domains()) {
      const page = await domainPage(domain, tasks)
      expect(page.match(/^\w.*Reward: /gm)).toHaveLength(tasks.length)
      expect(page).not.toMatch(/\| *\|\n|\$\{|undefined/)
    }
  })
})
