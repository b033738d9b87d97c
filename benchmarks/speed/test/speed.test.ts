import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { main } from '../src/compare.ts'
import { difference } from '../src/contestant.ts'
import { type Facts, type Measurement, writeReport } from '../src/report.ts'

const folder = mkdtempSync(join(tmpdir(), 'revflow-speed-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('bench:speed', () => {
  it('runs without Python, checks that engines compute the same, and says what it left out', async () => {
    const sizes = '--batch 8 --candidates 16 --hidden 16 --rounds 2 --seconds 0.001'.split(' ')
    await main([...sizes, '--python', join(folder, 'no-python'), '--out', folder])
    const lines = readFileSync(join(folder, 'speed.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines[0].run.peers).toMatch(/^JAX skipped \(.*ENOENT.*\)$/)
    const updates = lines.filter(({ agent, policy }) => agent && !policy)
    expect(updates.map(({ agent }) => agent)).toEqual(['rfm', 'qne'])
    for (const { times } of updates) {
      expect(times['tfjs wasm'].difference).toBeLessThan(1e-3)
      expect(times.compiled.ms).toHaveLength(2)
    }
    expect(readFileSync(join(folder, 'speed-1.md'), 'utf8')).toContain('JAX skipped')
  })

  it('finds updates that differ, and numbers that are none', () => {
    const outputs = (...values: number[]) => new Map([['metrics/loss', values]])
    expect(difference(outputs(4, 0), outputs(4, 1))).toBe(0.25)
    expect(difference(outputs(1), outputs(Number.NaN))).toBeNaN()
    expect(() => difference(outputs(1), outputs(1, 2))).toThrow('metrics/loss')
    expect(() => difference(outputs(1), new Map())).toThrow('metrics/loss')
  })

  it('names the sizes where JAX is ahead', () => {
    const facts = { threads: 1, rounds: 3, seconds: 1, skipped: [] } as unknown as Facts
    const time = (...cpuMs: number[]): Measurement => ({ ms: cpuMs, cpuMs, compileMs: 1000 })
    const row = (batch: number, jax: Measurement) => {
      const times = { compiled: time(2, 2, 2), JAX: jax }
      return { agent: 'rfm', batch, candidates: 16, hidden: 256, times }
    }
    const text = writeReport(facts, [row(64, time(1, 1, 4)), row(128, time(3, 4, 5))], { 256: { compiled: 100 } })
    expect(text).toContain('JAX is faster at rfm at B 64, K 16, 256 × 2.')
    expect(text).toContain('| rfm, B 128, K 16, 256 × 2 | 2.00 | 4.00 | 2.00 (1.50–2.50) | 2.00 (1.50–2.50) |')
  })
})
