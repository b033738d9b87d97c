import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { main } from '../src/cli.ts'
import { copyOfRepository } from './copy.ts'

const copy = copyOfRepository()
afterAll(() => rmSync(copy, { recursive: true, force: true }))
const read = (path: string) => readFileSync(join(copy, path), 'utf8')

/** A command in the copy, not taken for a part of this test; what it printed. @throws where it fails */
function node(...args: string[]): string {
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^VITEST|^NODE_ENV$/.test(key)))
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: copy, env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${args.join(' ')}:\n${stdout}${stderr}`)
  return stdout
}
const script = (file: string, ...args: string[]) =>
  node('--conditions=revflow-source', '--import', 'tsx', file, ...args)

/** `new` from here: its exit code and what it wrote. */
function scaffold(...args: string[]) {
  const written: string[] = []
  const capture = ((text: string) => written.push(text) > 0) as typeof process.stderr.write
  const spies = [process.stderr, process.stdout].map((stream) => vi.spyOn(stream, 'write').mockImplementation(capture))
  try {
    return { code: main(args, copy), output: written.join('') }
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}

describe('a bad name gives one line, exit code 2, and changes nothing', () => {
  const cases: [string[], string][] = [
    [['estimator', 'WideBox'], "expected a name in kebab-case, such as wide-box, received 'WideBox'; did you mean 'wide-box'?"],
    [['estimator', '3wide'], "did you mean 'wide'?"],
    [['estimator'], "received none; did you mean 'my-estimator'?"],
    [['estimator', 'rfm-box'], "expected a new name, received 'rfm-box', which is there; did you mean 'rfm-box-2'?"],
    [['estimator', 'RFM'], "did you mean 'rfm-2'?"],
    [['estimator', 'control'], 'received packages/stein/test/control.test.ts, which does'],
    [['estimator', 'class'], "received 'class', which the code uses; did you mean 'class-2'?"],
    [['estimator', 'annealing'], "received 'annealing', which the code uses; did you mean 'annealing-2'?"],
    [['agent', 'agent'], "received packages/agents/src/agent.ts, which does; did you mean 'agent-2'?"],
    [['agent', '../agent'], "did you mean 'agent-2'?"],
    [['environment', 'slider'], "expected a name <domain>-<task>, such as slider-reach or ball_in_cup-catch, received 'slider'; did you mean 'slider-run'?"],
    [['environment', 'ball-in-air-catch'], "did you mean 'ball_in_air-catch'?"],
    [['environment', 'cheetah-jump'], "received packages/envs/src/domains/cheetah.ts, which does; did you mean 'cheetah2-jump'?"],
    [['environment', 'cheetah-run', 'fast'], 'expected one, received cheetah-run fast'],
    [['estimatr', 'x'], "did you mean 'estimator'?"],
  ] // biome-ignore format: a case a line
  const files = () => readdirSync(copy, { recursive: true, withFileTypes: true }).length
  it.each(cases)('%j', (args, message) => {
    const before = files()
    const { code, output } = scaffold(...args)
    expect(output).toContain(message)
    expect(output.trim().split('\n')).toHaveLength(1)
    expect(code).toBe(2)
    expect(files()).toBe(before)
  })
})

describe('what is begun works at once', { timeout: 240_000 }, () => {
  const sources = [
    'packages/stein/src/estimators/wide-net.ts',
    'packages/stein/test/wide-net.test.ts',
    'packages/agents/src/climber.ts',
    'packages/agents/test/climber.test.ts',
    'packages/envs/src/domains/slider.ts',
    'packages/envs/src/domains/slider.xml.ts',
    'packages/envs/test/slider.test.ts',
  ]
  const registries = ['stein/src/presets', 'agents/src/index', 'envs/src/registry'].map((file) => `packages/${file}.ts`)
  const found: string[] = []
  beforeAll(() => {
    for (const [kind, name] of [
      ['estimator', 'wide-net'],
      ['agent', 'climber'],
      ['environment', 'slider-reach'],
    ] as const) {
      const { code, output } = scaffold(kind, name)
      expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('edit this') })
      found.push(...[...output.matchAll(/^wrote +(\S+)/gm)].map(([, path]) => path!))
    }
  }, 240_000)

  it('writes a source, a test, pages and a changeset', () => {
    expect(found.filter((path) => path.endsWith('.ts')).sort()).toEqual([...sources].sort())
    expect(found.filter((path) => path.startsWith('.changeset'))).toHaveLength(3)
    expect(read('docs/estimators.md')).toContain('| [`wide-net`](estimators/wide-net.md) |')
    expect(read('docs/estimators/wide-net.md')).toMatch(/^# wide-net/)
    expect(read('docs/agents/climber.md')).toContain('Deterministic policy gradients')
    expect(read('packages/envs/README.md')).toMatch(/`reacher-hard`.*\n\| `slider-reach` {12}\| 2 .*\n.*`swimmer-/)
  })

  it('passes lint and typecheck', () => {
    node('node_modules/@biomejs/biome/bin/biome', 'check', ...sources, ...registries)
    writeFileSync(
      join(copy, 'tsconfig.new.json'),
      JSON.stringify({ extends: './tsconfig.json', include: [...sources, ...registries] }),
    )
    node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.new.json')
  })

  it('passes its own tests', () => {
    const tests = [...sources.filter((path) => path.endsWith('.test.ts')), 'apps/trainer/test/docs.test.ts']
    const report = node('node_modules/vitest/vitest.mjs', 'run', '--maxWorkers=1', '--reporter=json', ...tests)
    const { numFailedTests, testResults } = JSON.parse(report.slice(report.indexOf('{')))
    expect(numFailedTests).toBe(0)
    expect(testResults).toHaveLength(4)
    for (const { assertionResults } of testResults) expect(assertionResults.length).toBeGreaterThan(0)
  })

  it('is listed, studied, and trained with', () => {
    const small = 'steps=600 randomSteps=200 evaluateEvery=600 evaluationEpisodes=1 threads=1 options.hidden=[16] options.batchSize=8 options.actorBatchSize=8'.split(' ') // biome-ignore format: one list
    const train = (...args: string[]) => ['train', 'slider-reach', '--runs-dir', join(copy, 'runs'), ...args, ...small.flatMap((s) => ['--set', s])] // biome-ignore format: one list
    writeFileSync(
      join(copy, 'apps/scaffold/test/appears.ts'),
      `import { main } from '@revflow/trainer'
       import { main as study } from '../../../benchmarks/estimators/src/cli.ts'
       for (const args of ${JSON.stringify([
         ['estimators'],
         ['agents'],
         ['envs'],
         train('--agent', 'climber'),
         train('--set', 'options.estimator=wide-net', '--set', 'options.candidates=4'),
       ])}) process.exitCode ||= await main(args)
       process.exitCode ||= await study(['smoke', '--part', 'unbounded', '--out', 'runs/study'])`,
    )
    const printed = script('apps/scaffold/test/appears.ts')
    expect(printed).toMatch(/^wide-net +a template/m)
    expect(printed).toMatch(/^climber +Deterministic policy gradients/m)
    expect(printed).toMatch(/^slider-reach +2 +1 +0\.02 s/m)
    expect(readdirSync(join(copy, 'runs/slider-reach')).sort()).toEqual(['climber', 'rfm'])
    expect(read('runs/study/unbounded.jsonl')).toContain('"estimator":"wide-net"')
  })
})
