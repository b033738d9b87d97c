import type { SpawnOptions } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { runFolder, runId } from '@revflow/trainer'
import * as tf from '@tensorflow/tfjs-core'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { main } from '../src/cli.ts'
import { plan, readProfile, shard } from '../src/plan.ts'
import { report } from '../src/report.ts'
import { collect } from '../src/results.ts'
import { taskTable } from '../src/tables.ts'

// The command is started from its sources, so that nothing has to be built.
vi.mock('node:child_process', async (original) => {
  const actual = await original<typeof import('node:child_process')>()
  const root = join(import.meta.dirname, '../../..')
  const sources = ['--conditions=revflow-source', '--import', 'tsx', join(root, 'apps/trainer/test/revflow.ts')]
  const spawn = (program: string, [file, ...args]: readonly string[], options: SpawnOptions) => {
    expect(realpathSync(file!)).toBe(realpathSync(join(root, 'apps/trainer/bin/revflow.js')))
    return actual.spawn(program, [...sources, ...args], { ...options, cwd: root })
  }
  return { ...actual, spawn }
})

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
    expect(() => profile('tasks: [a]\nseeds: [0]\nvariants: {x: {}}\nbaseline: y')).toThrow("did you mean 'x'?")
    const misspelt = profile('tasks: [cheetah-rum]\nseeds: [0]\nvariants: {x: {}}')
    expect(() => plan(misspelt)).toThrow("did you mean 'cheetah-run'?")
    const alike = 'tasks: [cheetah-run]\nseeds: [0]\nvariants: {a: {}, b: {agent: rfm, options: {candidates: 16}}}'
    expect(() => plan(profile(alike))).toThrow(
      'profile p.variants.b: expected runs that no other variant has, received those of a',
    )
    const twice = profile('tasks: [cheetah-run]\nseeds: [0, 0]\nvariants: {a: {}}')
    expect(() => plan(twice)).toThrow('received a task or seed that is given twice')
  })

  it("plans what the guide's does (docs/guides/compare-agents.md)", () => {
    const guide = readFileSync(join(import.meta.dirname, '../../../docs/guides/compare-agents.md'), 'utf8')
    const runs = plan(profile(/```yaml\n([\s\S]*?)```/.exec(guide)![1]!))
    expect(runs).toHaveLength(2 * 2 * 3)
    expect(new Set(runs.map(({ variant }) => variant))).toEqual(new Set(['rfm', 'rfm-plain', 'sac-plain']))
    const named = Array.from(guide.matchAll(/^\| ((`[\w-]+`(, )?)+)/gm), ([, names]) => names!.match(/[\w-]+/g)!).flat()
    expect(named.sort()).toEqual(readdirSync(PROFILES).map((file) => file.replace('.yaml', '')))
  })

  it('is divided into shards without loss', () => {
    const all = [1, 2, 3, 4, 5, 6, 7]
    const parts = [1, 2, 3].map((i) => shard(all, `${i}/3`))
    expect(parts).toEqual([[1, 2], [3, 4], [5, 6, 7]]) // biome-ignore format: one line
    expect(() => shard(all, '4/3')).toThrow('1 ≤ i ≤ n')
  })
})

describe('the report', () => {
  const compared = () =>
    profile(`
description: a test
tasks: [cartpole-balance, pendulum-swingup]
seeds: [0, 1]
variants: { ours: {}, paper: { agent: rfm-paper }, other: { agent: sac } }
baseline: ours`)

  /** Runs as a training leaves them: `ours` returns 800, `paper` 400, `other` has one seed of one task only. */
  function makeRuns(runsDir: string) {
    for (const { variant, config } of plan(compared())) {
      if (variant === 'other' && (config.seed !== 0 || config.task !== 'cartpole-balance')) continue
      const at = runFolder(runsDir, config)
      mkdirSync(at.path, { recursive: true })
      const value = variant === 'ours' ? 800 : 400
      const line = (step: number, v: number) => JSON.stringify({ step, return: v, std: 1, sampled: v / 2, best: v })
      writeFileSync(at.evaluations, `${line(5, 1)}\n${line(10, value)}\n`)
      writeFileSync(at.timing, '{"updates":100,"updateSeconds":2,"seconds":3}\n'.repeat(2))
      writeFileSync(at.summary, '{}')
      if (variant === 'paper') continue
      mkdirSync(join(runsDir, 'logs'), { recursive: true })
      const made = { date: `2026-12-0${config.seed + 1}`, commit: 'abc', machine: '2 × Some CPU', node: 'v22.0.0' }
      writeFileSync(join(runsDir, 'logs', `${runId(config)}.made.json`), JSON.stringify(made))
    }
  }

  it('has statistics, costs, figures and raw lines of what is done', () => {
    const runsDir = join(folder, 'runs')
    makeRuns(runsDir)
    const out = join(folder, 'out')
    const runs = plan(compared())
    expect(report(compared(), runs, runsDir, out)).toBe(9)
    const text = readFileSync(join(out, 'report.md'), 'utf8')
    expect(text).toContain('9 of 12 runs')
    expect(text).toContain('Made 2026-12-01 to 2026-12-02 on 2 × Some CPU, Node v22.0.0, commit abc.')
    // a baseline without return has no ratio
    const worthless = collect(runs, runsDir, out).map((run) => ({
      ...run,
      curve: run.curve.map((row) => ({ ...row, return: 0 })),
    }))
    // costs: 128 next values, twice 128 learned, 64 times K = 16 with gradients; 20 ms an update
    const cost = `20.0 | ${128 + 2 * 128 + 64 * 16 * 2} | ${128 * 10 + 2 * 64} |`
    expect(text).toContain(
      `| ours | 2 | 0.80 (0.80 – 0.80) | 0.80 (0.80 – 0.80) | 0.80 (0.80 – 0.80) | 0.20 (0.20 – 0.20) | ${cost}`,
    )
    expect(text).toContain(`| cartpole-balance | paper | 400.0, 400.0 | 400.0 | 0.50 (0.50 – 0.50) | ${cost}`)
    expect(text).toContain(`| paper | 1.00 (1.00 – 1.00) | ${cost}`)
    expect(text).toContain('| other | 0 | – | – | – | – | 20.0 | 512 | 256 |')
    const row = taskTable(compared(), worthless, 'return')
      .rows.map((cells) => cells.join(' | '))
      .join('\n')
    expect(row).toContain('0.0, 0.0 | 0.0 | –')
    expect(text).toContain('| pendulum-swingup | other |  | – | – | – | – | – |')
    const html = readFileSync(join(out, 'report.html'), 'utf8')
    for (const name of [
      'iqm',
      'efficiency',
      'profile',
      'improvement',
      'task-cartpole-balance',
      'task-pendulum-swingup',
    ])
      expect(html).toContain(readFileSync(join(out, `${name}.svg`), 'utf8'))
    const raw = gunzipSync(readFileSync(join(out, 'runs.jsonl.gz')))
      .toString('utf8')
      .trim()
      .split('\n')
    expect(raw).toHaveLength(9)
    expect(JSON.parse(raw[0]!)).toMatchObject({ variant: 'ours', curve: [{ return: 1 }, { return: 800 }] })
  })

  it('is the same from the raw lines alone', () => {
    const out = join(folder, 'out')
    const read = () => readdirSync(out).map((file) => readFileSync(join(out, file), 'base64'))
    const before = read()
    expect(report(compared(), plan(compared()), join(folder, 'no-runs'), out)).toBe(9)
    expect(read()).toEqual(before)
  })

  it('knows runs that were recorded before an option was there', () => {
    const out = join(folder, 'older-out')
    mkdirSync(out, { recursive: true })
    const lines = gunzipSync(readFileSync(join(folder, 'out', 'runs.jsonl.gz')))
      .toString('utf8')
      .trim()
      .split('\n')
    const older = lines.map((line) => {
      const run = JSON.parse(line)
      const { exploration, ...config } = run.config
      expect(exploration).toBe('white')
      return JSON.stringify({ ...run, id: 'of then', config })
    })
    writeFileSync(join(out, 'runs.jsonl.gz'), gzipSync(older.join('\n')))
    expect(report(compared(), plan(compared()), join(folder, 'no-runs'), out)).toBe(9)
  })

  it('keeps what is recorded of runs that the plan no longer has', () => {
    const out = join(folder, 'fewer-out')
    mkdirSync(out, { recursive: true })
    writeFileSync(join(out, 'runs.jsonl.gz'), readFileSync(join(folder, 'out', 'runs.jsonl.gz')))
    const fewer = { ...compared(), seeds: [0] }
    expect(report(fewer, plan(fewer), join(folder, 'no-runs'), out)).toBe(5)
    expect(report(compared(), plan(compared()), join(folder, 'no-runs'), out)).toBe(9)
  })

  it('is made of raw results of several machines, one after the other', () => {
    const raw = gunzipSync(readFileSync(join(folder, 'out', 'runs.jsonl.gz'))).toString('utf8')
    const lines = raw.trim().split('\n')
    const out = join(folder, 'joined-out')
    mkdirSync(out, { recursive: true })
    const parts = [lines.slice(0, 4), lines.slice(4)].map((part) => gzipSync(`${part.join('\n')}\n`))
    writeFileSync(join(out, 'runs.jsonl.gz'), Buffer.concat(parts))
    expect(report(compared(), plan(compared()), join(folder, 'no-runs'), out)).toBe(9)
    expect(gunzipSync(readFileSync(join(out, 'runs.jsonl.gz'))).toString('utf8')).toBe(raw)
  })

  it('names a damaged file of results, and leaves it', () => {
    const out = join(folder, 'damaged-out')
    mkdirSync(out, { recursive: true })
    const file = join(out, 'runs.jsonl.gz')
    const half = readFileSync(join(folder, 'out', 'runs.jsonl.gz')).subarray(0, 100)
    writeFileSync(file, half)
    expect(() => report(compared(), plan(compared()), join(folder, 'no-runs'), out)).toThrow(
      /runs\.jsonl\.gz: expected/,
    )
    expect(readFileSync(file)).toEqual(half)
  })

  it('gives one seed no interval, and a baseline that may be zero an infinite one', () => {
    const recorded = collect(plan(compared()), join(folder, 'no-runs'), join(folder, 'out'))
    const rows = (runs: typeof recorded) => taskTable(compared(), runs, 'return').rows.map((cells) => cells.join(' | '))
    const single = recorded.filter(({ config }) => config.seed === 0)
    expect(rows(single).join('\n')).toContain('cartpole-balance | paper | 400.0 | 400.0 | 0.50 | 20.0')
    const sometimes = recorded.map((run) => {
      const value = run.variant === 'ours' && run.config.seed === 0 ? 0 : 400
      return { ...run, curve: run.curve.map((row) => ({ ...row, return: value })) }
    })
    expect(rows(sometimes).join('\n')).toContain('400.0, 400.0 | 400.0 | 2.00 (1.00 – ∞)')
  })

  it('says nothing of what is not done', () => {
    const out = join(folder, 'empty')
    expect(report(compared(), plan(compared()), join(folder, 'no-runs'), out)).toBe(0)
    expect(readFileSync(join(out, 'report.md'), 'utf8')).toContain('0 of 12 runs')
  })
})

describe('the command', () => {
  it('refuses a number of workers that makes no run', async () => {
    const write = vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
    for (const workers of ['abc', '0', '-1', '1.5'])
      expect(await main(['run', 'smoke', `--workers=${workers}`])).toBe(2)
    expect(write.mock.calls.map(([text]) => text).join('')).toContain('bench.workers: expected')
    write.mockRestore()
  })

  it('trains each run in a process of its own, names one that fails, and makes that alone the next time', async () => {
    const write = vi.spyOn(process.stdout, 'write').mockImplementation(() => true)
    const said = () => write.mock.calls.map(([text]) => text).join('')
    try {
      const file = join(folder, 'tiny.yaml')
      writeFileSync(
        file,
        `
tasks: [cartpole-balance]
seeds: [0]
run:
  { steps: 60, randomSteps: 40, evaluateEvery: 60, evaluationEpisodes: 1, actionRepeat: 2, threads: 1,
    options: { hidden: [8], batchSize: 8, actorBatchSize: 8 } }
variants: { fine: { agent: sac }, broken: { agent: qsm } }`,
      )
      const runsDir = join(folder, 'tiny-runs')
      const flags = ['--runs-dir', runsDir, '--out', join(folder, 'tiny-out')]
      const [fine, broken] = plan(readProfile(file)).map(({ id, config }) => ({ id, at: runFolder(runsDir, config) }))
      // a file where the folder of the run should be
      mkdirSync(dirname(broken!.at.path), { recursive: true })
      writeFileSync(broken!.at.path, '')
      expect(await main(['run', file, ...flags])).toBe(1)
      const log = join(runsDir, 'logs', `${broken!.id}.log`)
      expect(said()).toMatch(/^\[1\/2\] fine cartpole-balance seed 0: done, \d+ s$/m)
      expect(said()).toContain(`[2/2] broken cartpole-balance seed 0: FAILED with exit code 2, see ${log}`)
      expect(readFileSync(log, 'utf8')).toContain('expected a folder that can be written')
      expect(JSON.parse(readFileSync(fine!.at.evaluations, 'utf8'))).toMatchObject({ step: 60 })

      rmSync(broken!.at.path)
      write.mockClear()
      expect(await main(['run', file, ...flags])).toBe(0)
      expect(said()).toContain('1 of 2 runs are done already')
      expect(said()).not.toContain('] fine')
      expect(JSON.parse(readFileSync(broken!.at.evaluations, 'utf8'))).toMatchObject({ step: 60 })

      // what the critics of that run teach the policies of a profile
      const out = join(folder, 'improved')
      writeFileSync(
        file,
        readFileSync(file, 'utf8').replace(/variants: .*/, 'variants: { ours: { options: { hidden: [16] } } }'),
      )
      const improve = (updates: string, run = fine!.at.path) =>
        main(['improve', file, '--critics', run, '--updates', updates, '--out', out])
      const before = tf.memory().numTensors
      for (const updates of ['1', '300', '300']) expect(await improve(updates)).toBe(0)
      expect(tf.memory().numTensors).toBe(before)
      const [first, last, ...more] = readFileSync(join(out, 'improvement.jsonl'), 'utf8').trim().split('\n')
      expect(more).toEqual([])
      const [untrained, trained] = [first!, last!].map((line) => JSON.parse(line))
      const critics = `cartpole-balance, sac, seed 0, run ${fine!.id} at step 60`
      expect(untrained).toMatchObject({ critics, variant: 'ours', updates: 1 })
      // measured: 0.01 to 0.6 for a draw, 0.15 to 0.95 for the noise-free action
      for (const rule of ['mode', 'sample']) expect(trained[rule]).toBeGreaterThan(untrained[rule] + 0.3)
      expect(trained.best).toBeGreaterThan(trained.sample)
      expect(readFileSync(join(out, 'report.md'), 'utf8')).toContain(`| ours | 300 | ${trained.mode.toFixed(2)} |`)
      const complaint = vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
      expect(await improve('300', join(folder, 'no-run'))).toBe(2)
      expect(complaint.mock.calls.join('')).toContain('no-run')
      writeFileSync(join(out, 'improvement.jsonl'), first!.slice(9))
      expect(await improve('1')).toBe(2)
      expect(complaint.mock.calls.join('')).toContain('improvement.jsonl: expected JSON lines')
      expect(readFileSync(join(out, 'improvement.jsonl'), 'utf8')).toBe(first!.slice(9))
      complaint.mockRestore()
    } finally {
      write.mockRestore()
    }
  }, 300_000)

  it('plans, runs what is not done, and reports', async () => {
    const write = vi.spyOn(process.stdout, 'write').mockImplementation(() => true)
    try {
      writeFileSync(join(folder, 'one.yaml'), 'tasks: [cartpole-balance]\nseeds: [0]\nvariants: { ours: {} }')
      const flags = ['--runs-dir', join(folder, 'command-runs'), '--out', join(folder, 'command-out')]
      const [done] = plan(readProfile(join(folder, 'one.yaml')))
      const at = runFolder(join(folder, 'command-runs'), done!.config)
      mkdirSync(at.path, { recursive: true })
      writeFileSync(at.evaluations, '{"step":5,"return":1,"std":1,"sampled":1,"best":1}\n')
      writeFileSync(at.summary, '{}')
      for (const verb of ['plan', 'run', 'report'])
        expect(await main([verb, join(folder, 'one.yaml'), ...flags])).toBe(0)
      const said = write.mock.calls.map(([text]) => text).join('')
      expect(said).toContain(`{"id":"${done!.id}","variant":"ours","task":"cartpole-balance"`)
      expect(said).toContain('1 of 1 runs are done already')
      expect(said).toContain('1 of 1 runs reported')
      expect(readdirSync(join(folder, 'command-out'))).toContain('plan.jsonl')
      // what has been reported is not made again where only its results are left
      rmSync(join(folder, 'command-runs'), { recursive: true })
      write.mockClear()
      expect(await main(['run', join(folder, 'one.yaml'), ...flags])).toBe(0)
      expect(write.mock.calls.map(([text]) => text).join('')).toContain('1 of 1 runs are done already')
    } finally {
      write.mockRestore()
    }
  })
})
