import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { deadLinks } from '../src/links.ts'
import { pageOf, repositoryFiles, root, siteLink } from '../src/site.ts'

// the API is made by the build, which checks its links itself
const markdown = repositoryFiles().filter((file) => file.endsWith('.md') && !file.startsWith('docs/api/'))

describe('links between Markdown files', () => {
  it('lead to files, folders and headings that are there', () => {
    const files = new Map(markdown.map((file) => [file, readFileSync(join(root, file), 'utf8')]))
    expect(files.size).toBeGreaterThan(50)
    expect(deadLinks(files, (path) => existsSync(join(root, path)))).toEqual([])
  })

  it('are found where they lead nowhere', () => {
    const files = new Map([
      ['a/one.md', '# One thing\n[two](../b/two.md#there) [here](#one-thing) [out](https://example.org/x)'],
      [
        'b/two.md',
        '## There\n[gone](gone.md)\n\n![picture](x.svg)\n\n[no such heading](../a/one.md#other) [folder](../a)',
      ],
    ])
    expect(deadLinks(files, (path) => path === 'a')).toEqual([
      'b/two.md: gone.md',
      'b/two.md: x.svg',
      'b/two.md: ../a/one.md#other',
    ])
  })
})

describe('the site', () => {
  it('has a page of its own for each file', () => {
    expect(new Set(markdown.map(pageOf)).size).toBe(markdown.length)
  })

  it('turns links into addresses, and those to source files into none', () => {
    expect(siteLink('docs/estimators.md', '../benchmarks/results/estimators/report.md')).toBe(
      '/benchmarks/results/estimators/report',
    )
    expect(siteLink('README.md', 'packages/core')).toBe('/packages/core/')
    expect(siteLink('packages/agents/README.md', '../../docs/agents/bandits.md#x')).toBe('/agents/bandits#x')
    expect(siteLink('packages/envs/README.md', 'src/external/protocol.ts')).toBeUndefined()
    expect(siteLink('README.md', 'no-such-page.md')).toBe('no-such-page.md')
    expect(siteLink('README.md', 'https://example.org')).toBe('https://example.org')
  })
})
