import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mapDifferences } from '../src/map.ts'
import { repositoryFiles, root } from '../src/site.ts'

const text = /^## Map\n[\s\S]*?(?=\n## |$(?![\s\S]))/m.exec(readFileSync(join(root, 'DEVELOP.md'), 'utf8'))?.[0] ?? ''
const files = repositoryFiles().filter((file) => !file.startsWith('docs/api/'))

describe('the map in DEVELOP.md', () => {
  it('names every folder there is, and no other', () => {
    expect(mapDifferences(text, files)).toEqual({ unmapped: [], gone: [] })
  })

  it('fails for a folder it does not name, and for one that is gone', () => {
    expect(mapDifferences(text, [...files, 'packages/planted/src/index.ts']).unmapped).toContain('packages/planted')
    const without = files.filter((file) => !file.startsWith('packages/nn/'))
    expect(mapDifferences(text, without).gone).toContain('packages/nn')
  })
})
