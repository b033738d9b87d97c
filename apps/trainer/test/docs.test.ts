import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { estimatorsPage } from '../src/commands/estimators.ts'

describe('docs/estimators.md', () => {
  it('is what `revflow estimators --docs docs/estimators.md` writes today', () => {
    const written = readFileSync(new URL('../../../docs/estimators.md', import.meta.url), 'utf8')
    expect(written).toBe(estimatorsPage())
  })
})
