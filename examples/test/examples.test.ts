import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { main } from '@revflow/trainer'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

const examples = fileURLToPath(new URL('..', import.meta.url))

/** What an example prints. */
const run = (file: string, env: Record<string, string>) =>
  execFileSync(process.execPath, ['--conditions=revflow-source', '--import', 'tsx', file], {
    cwd: examples,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
const numbers = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, value]) => Number(value))

describe('examples', { timeout: 180_000 }, () => {
  it('mixture.ts finds every mode in its share', () => {
    const printed = run('mixture.ts', { SAMPLES: '300' })
    const found = numbers(printed, /share ([\d.]+)/g)
    const wanted = numbers(printed, /share .* wanted ([\d.]+)/g)
    expect(wanted).toEqual([0.5, 0.3, 0.2])
    // four standard errors, and the steps' own error
    for (const [i, p] of wanted.entries())
      expect(Math.abs(found[i]! - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 300) + 0.02)
  })

  it('posterior.ts comes near the answer by each estimator', () => {
    const printed = run('posterior.ts', { REPEATS: '100' })
    const [answer] = numbers(printed, /= ([\d.]+) by quadrature/g)
    const means = numbers(printed, /mean ([\d.]+) /g)
    expect(means).toHaveLength(3)
    for (const mean of means) expect(Math.abs(mean - answer!)).toBeLessThan(0.02)
  })

  it('jit.ts learns alike in both engines', () => {
    const printed = run('jit.ts', { STEPS: '5' })
    const [eager, compiled] = numbers(printed, /loss ([\d.e+-]+)/g)
    expect(compiled! / eager!).toBeCloseTo(1, 3)
    expect(printed).toMatch(/times as fast/)
  })

  it('own-environment.ts acts and learns', () => {
    const rewards = numbers(run('own-environment.ts', { STEPS: '60' }), /mean reward ([\d.]+)/g)
    expect(rewards).toHaveLength(6)
    for (const reward of rewards) expect(reward).toBeGreaterThan(0)
  })

  describe('evaluate_policy.py', () => {
    const folder = mkdtempSync(join(tmpdir(), 'revflow-examples-'))
    afterAll(() => rmSync(folder, { recursive: true }))
    const written: string[] = []
    /** The revflow command; what it printed. */
    async function revflow(...args: string[]): Promise<string> {
      const capture = ((text: string) => written.push(String(text)) > 0) as typeof process.stdout.write
      const spies = [process.stdout, process.stderr].map((s) => vi.spyOn(s, 'write').mockImplementation(capture))
      try {
        written.length = 0
        expect(await main(args), written.join('')).toBe(0)
        return written.join('')
      } finally {
        for (const spy of spies) spy.mockRestore()
      }
    }
    const model = join(folder, 'puck.onnx')
    let wanted = Number.NaN
    beforeAll(async () => {
      const config = ['--config', join(examples, 'puck.yaml'), '--runs-dir', folder]
      const few = ['randomSteps=50', 'evaluateEvery=200', 'evaluationEpisodes=1', 'threads=1']
      await revflow(
        'train',
        join(examples, 'puck.js'),
        ...config,
        '--steps',
        '200',
        ...few.flatMap((s) => ['--set', s]),
      )
      const [id] = readdirSync(join(folder, 'puck/rfm'))
      const trained = join(folder, 'puck/rfm', id!)
      expect(await revflow('export', trained, '--out', model)).toContain(
        'inputs: 0/observation [1, 2], 0/x0 [1, 1] normal',
      )
      wanted = (JSON.parse(await revflow('evaluate', trained, '--episodes', '1')) as { return: number }).return
    })

    it('returns in Python what the policy returns here', ({ skip }) => {
      const python = process.env.REVFLOW_PYTHON ?? 'python3'
      if (spawnSync(python, ['-c', 'import numpy, onnxruntime']).status !== 0)
        skip(`${python} has no numpy and onnxruntime (REVFLOW_PYTHON names another)`)
      const printed = execFileSync(python, [join(examples, 'evaluate_policy.py'), model], { encoding: 'utf8' })
      expect(printed).toMatch(/^rfm on puck after 200 steps/)
      expect(Math.abs(numbers(printed, /return ([\d.]+) of the noise-free/g)[0]! - wanted)).toBeLessThan(2e-3)
    })
  })

  it('are short, and README.md names each', () => {
    const readme = readFileSync(join(examples, 'README.md'), 'utf8')
    const files = readdirSync(examples).filter((file) => /\.(ts|js|py)$/.test(file))
    expect(files.length).toBeGreaterThanOrEqual(6)
    for (const file of files) {
      expect(readme).toContain(`](${file})`)
      expect(readFileSync(join(examples, file), 'utf8').split('\n').length, file).toBeLessThanOrEqual(70)
    }
  })
})
