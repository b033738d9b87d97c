import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { estimatorsPage } from '../src/commands/estimators.ts'

describe('docs/estimators.md', () => {
  it('is what `revflow estimators --docs docs/estimators.md` writes today', () => {
    const file = fileURLToPath(new URL('../../../docs/estimators.md', import.meta.url))
    expect(readFileSync(file, 'utf8')).toBe(estimatorsPage(file))
  })
})
