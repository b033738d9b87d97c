import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { figures } from '../src/figures.ts'
import { root } from '../src/site.ts'

const folder = join(root, 'docs/figures')

describe('docs/figures', () => {
  it.each(Object.entries(figures))('%s.svg is what `npx -y pnpm@12 docs:figures` draws today', (name, draw) => {
    expect(`${draw()}\n` === readFileSync(join(folder, `${name}.svg`), 'utf8')).toBe(true)
  })

  it('holds these alone', () => {
    const drawn = Object.keys(figures).map((name) => `${name}.svg`)
    expect(readdirSync(folder).sort()).toEqual(drawn.sort())
  })
})
