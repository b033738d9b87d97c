import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { runFolder } from '@revflow/trainer'
import { afterAll, describe, expect, it } from 'vitest'
import { plan, readProfile, shard } from '../src/plan.ts'
import { report } from '../src/report.ts'

const folder = mkdtempSync(join(tmpdir(), 'revflow-bench-'))
afterAll(() => rmSync(folder, { recursive: true }))

const PROFILES = join(dirname(import.meta.dirname), 'profiles')
function profile(text: string) {
  const file = join(folder, 'p.yaml')
  writeFileSync(file, text)
  return readProfile(file)
}

describe('a profile', () => {
  it.each(readdirSync(PROFILES))('%s plans runs that are all different', (file) => {
    const runs = plan(readProfile(join(PROFILES, file)))
    expect(runs.length).toBeGreaterThan(1)
    expect(new Set(runs.map(({ id }) => id)).size).toBe(runs.length)
  })

  it('merges the options of a variant into those of all runs', () => {
    const [a, b] = plan(
      profile(`
tasks: [cartpole-balance]
seeds: [4]
run: { steps: 10, options: { candidates: 3 } }
variants: { ours: {}, paper: { options: { estimator: rfm } } }`),
    )
    expect(a!.config).toMatchObject({ seed: 4, steps: 10, options: { candidates: 3, estimator: 'rfm-box' } })
    expect(b!.config).toMatchObject({ seed: 4, steps: 10, options: { candidates: 3, estimator: 'rfm' } })
  })

  it('is refused with the field that is wrong', () => {
    expect(() => profile('tasks: [a]\nseeds: [0]\nvariant: {}')).toThrow("did you mean 'variants'?")
    expect(() => profile('tasks: [a]\nseeds: [0]\nvariants: {x: {}}\nbaseline: y')).toThrow('the name of a variant')
    const misspelt = profile('tasks: [cheetah-rum]\nseeds: [0]\nvariants: {x: {}}')
    expect(() => plan(misspelt)).toThrow("did you mean 'cheetah-run'?")
  })

  it('is divided into shards without loss', () => {
    const all = [1, 2, 3, 4, 5, 6, 7]
    expect([1, 2, 3].flatMap((i) => shard(all, `${i}/3`)).sort()).toEqual(all)
    expect(() => shard(all, '4/3')).toThrow('1 ≤ i ≤ n')
  })
})

describe('the report', () => {
  it('has tables, intervals, curves and raw lines of what is done', () => {
    const compared = profile(`
tasks: [cartpole-balance]
seeds: [0, 1]
variants: { ours: {}, paper: { options: { estimator: rfm } } }
baseline: paper`)
    const runs = plan(compared)
    const runsDir = join(folder, 'runs')
    for (const { variant, config } of runs.slice(0, 3)) {
      const at = runFolder(runsDir, config)
      mkdirSync(at.path, { recursive: true })
      const value = variant === 'ours' ? 800 : 400
      const line = (step: number, v: number) => JSON.stringify({ step, return: v, std: 1, sampled: v / 2, best: v })
      writeFileSync(at.evaluations, `${line(5, 1)}\n${line(10, value)}\n`)
      writeFileSync(at.config, '{}')
      writeFileSync(at.summary, '{}')
    }
    const out = join(folder, 'out')
    expect(report(compared, runs, runsDir, out)).toBe(3)
    const text = readFileSync(join(out, 'report.md'), 'utf8')
    expect(text).toContain('3 of 4 runs')
    expect(text).toContain('| cartpole-balance | ours | 800.0, 800.0 | 800.0 | 2.00 (2.00 – 2.00) |')
    expect(text).toContain('| cartpole-balance | paper | 200.0 | 200.0 | 1.00 (1.00 – 1.00) |')
    expect(text).toContain('| ours | 0.80 (0.80 – 0.80) |')
    expect(readdirSync(out)).toContain('cartpole-balance.svg')
    expect(readdirSync(out).filter((file) => file.endsWith('.eval.jsonl'))).toHaveLength(3)
  })
})
