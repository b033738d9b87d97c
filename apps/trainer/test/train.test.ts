import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { listCheckpoints, readCheckpoint } from '../src/checkpoint/checkpoint.ts'
import { resolveConfig } from '../src/run/config.ts'
import { createExperiment } from '../src/run/experiment.ts'
import { revflow } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'revflow-train-'))
const [config, list] = [join(folder, 'small.yaml'), join(folder, 'list.yaml')]
beforeAll(() => {
  writeFileSync(list, '[steps, 3]')
  writeFileSync(
    config,
    `steps: 3000
actionRepeat: 10
randomSteps: 500
evaluateEvery: 1000
evaluationEpisodes: 1
checkpointEvery: 250
logEvery: 200
threads: 1
options: { hidden: [16, 16], batchSize: 16, actorBatchSize: 8, candidates: 4, odeSteps: 2, bestOf: 2 }
`,
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The command in a process of its own, to be killed. */
const start = (...args: string[]): ChildProcess => startWith('ignore', ...args)

function startWith(output: 'ignore' | 'pipe', ...args: string[]): ChildProcess {
  const script = fileURLToPath(new URL('./revflow.ts', import.meta.url))
  return spawn(process.execPath, ['--conditions=revflow-source', '--import', 'tsx', script, ...args], {
    stdio: ['ignore', output, output],
  })
}

const ended = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
const runArgs = (runs: string) => ['train', 'pendulum-swingup', '--config', config, '--runs-dir', join(folder, runs)]

function runFolder(runs: string): string {
  const agent = join(folder, runs, 'pendulum-swingup', 'rfm')
  return join(agent, readdirSync(agent)[0]!)
}

/** Waits for a run to have a checkpoint of at least `step`. */
async function checkpointed(runs: string, step: number): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    const agent = join(folder, runs, 'pendulum-swingup', 'rfm')
    // a folder is there before what is in it
    if (!existsSync(agent) || readdirSync(agent).length === 0) continue
    const checkpoints = join(runFolder(runs), 'checkpoints')
    if (existsSync(checkpoints) && (listCheckpoints(checkpoints)[0]?.step ?? 0) >= step) return
  }
}

/** Everything a run leaves that must not depend on how often it was interrupted. */
function results(runs: string) {
  const run = runFolder(runs)
  const [last] = listCheckpoints(join(run, 'checkpoints'))
  return {
    evaluations: readFileSync(join(run, 'eval.jsonl'), 'utf8'),
    metrics: readFileSync(join(run, 'metrics.jsonl'), 'utf8'),
    summary: readFileSync(join(run, 'summary.json'), 'utf8'),
    // TensorBoard events carry wall times, so the offset of their log is the same and their bytes are not
    checkpoint: readFileSync(last!.path).toString('base64'),
  }
}

describe('train', () => {
  it('trains on an environment of one’s own, and evaluates the run', async () => {
    const file = join(folder, 'point.mjs')
    // a point on a line, pushed; it terminates where it leaves, and is truncated after 100 steps
    writeFileSync(
      file,
      `export default () => {
        let [x, steps] = [0, 0]
        return {
          task: 'point',
          observationSpace: { size: 1, entries: [{ name: 'position', size: 1 }] },
          actionSpace: { size: 1, names: ['push'], low: [-0.5], high: [0.5] },
          reset() {
            ;[x, steps] = [0, 0]
            return { observation: Float32Array.of(x) }
          },
          step([push]) {
            globalThis.pushes?.push(push)
            x += push
            steps++
            const terminated = Math.abs(x) > 2
            return { observation: Float32Array.of(x), reward: 1, terminated, truncated: !terminated && steps === 100 }
          },
          getState: () => ({ values: Float64Array.of(x, steps), meta: {} }),
          setState({ values }) {
            ;[x, steps] = values
          },
          close() {},
        }
      }`,
    )
    const args = ['train', file, '--config', config, '--runs-dir', join(folder, 'own'), '--set', 'steps=1500']
    const warn = vi.spyOn(console, 'warn')
    expect((await revflow(...args)).output).toContain('done: 1500 steps, return')
    expect(warn).not.toHaveBeenCalled() // TensorFlow.js would recommend another engine
    warn.mockRestore()
    const agent = join(folder, 'own', 'point', 'rfm')
    const run = join(agent, readdirSync(agent)[0]!)
    const { output } = await revflow('evaluate', run, '--episodes', '2')
    const { returns } = JSON.parse(output) as { returns: number[] }
    // 10 steps an action: at least one decision, at most 100 steps
    for (const value of returns) expect(value).toSatisfy((v: number) => v >= 5 && v <= 100)
    // the run knows where its module is, from whatever folder it was named
    expect(JSON.parse(readFileSync(join(run, 'config.json'), 'utf8')).task).toBe(file)
    expect(resolveConfig({ flags: { task: relative(process.cwd(), file) }, set: [] }).task).toBe(file)
    const drawn = await revflow('render', '--run', run, '--out', join(folder, 'own.png'))
    expect(drawn.output).toContain(
      `task: expected one with a MuJoCo model to draw, as defineTask makes, received '${file}'`,
    )
    // the law of random actions: 30 fair coins fall on one side once in 5·10⁸ times
    for (const [randomActions, count] of [
      ['corners', 30],
      ['uniform', 0],
    ] as const) {
      const pushes: number[] = []
      vi.stubGlobal('pushes', pushes)
      const flags = { task: file, actionRepeat: 1, steps: 30, randomSteps: 30, randomActions }
      const experiment = await createExperiment(resolveConfig({ flags, set: [] }))
      for (let i = 0; i < 30; i++) await experiment.decide()
      await experiment.close()
      vi.unstubAllGlobals()
      expect(pushes).toHaveLength(30)
      expect(pushes.filter((push) => Math.abs(push) === 0.5)).toHaveLength(count)
      expect(new Set(pushes.map(Math.sign)).size).toBe(2)
    }
    const missing = await revflow('train', join(folder, 'none.mjs'))
    expect(missing.output).toContain('which does not exist')
    const other = join(folder, 'unbounded.mjs')
    writeFileSync(other, readFileSync(file, 'utf8').replace('[0.5]', '[Infinity]'))
    expect((await revflow('train', other, '--runs-dir', join(folder, 'own'))).output).toContain(
      "point.actionSpace: expected finite bounds, received none of 'push'",
    )
  })

  it.each(['', 'pink-3-step-'])(
    'is the same to the last bit whether it is left alone, interrupted, or killed: %swhole',
    async (kind) => {
      const [all, interrupted, killed] = ['whole', 'interrupted', 'killed'].map((name) => kind + name) as [
        string,
        string,
        string,
      ]
      const args = (runs: string) => [
        ...runArgs(runs),
        ...(kind ? ['--set', 'exploration=pink', '--set', 'options.nStep=3'] : []),
      ]
      const whole = await revflow(...args(all))
      expect(whole.code).toBe(0)
      expect(whole.output).toContain('done: 3000 steps, return')
      expect(readdirSync(runFolder(all)).sort()).toEqual(
        ['checkpoints', 'config.json', 'curve.png', 'curve.svg', 'eval.jsonl', 'events.out.tfevents.revflow', 'metrics.jsonl', 'summary.json', 'timing.jsonl'], // biome-ignore format: one list
      )
      const lines = readFileSync(join(runFolder(all), 'eval.jsonl'), 'utf8')
        .trim()
        .split('\n')
      expect(lines.map((line) => JSON.parse(line).step)).toEqual([1000, 2000, 3000])

      const stopped = start(...args(interrupted))
      await checkpointed(interrupted, 500)
      stopped.kill('SIGINT')
      expect([0, 130]).toContain(await ended(stopped))
      const resumed = await revflow('resume', runFolder(interrupted))
      expect(resumed.output).toMatch(/resumed at step \d+|already done/)
      expect(results(interrupted)).toEqual(results(all))

      for (const step of [250, 1000, 2000]) {
        const child = start(...args(killed))
        await checkpointed(killed, step)
        child.kill('SIGKILL')
        await ended(child)
      }
      expect((await revflow(...args(killed))).code).toBe(0)
      expect(results(killed)).toEqual(results(all))
    },
    600_000,
  )

  it('is refused while another process trains the same run, which is left as it is', async () => {
    const first = start(...runArgs('twice'))
    const finished = ended(first)
    await checkpointed('twice', 250)
    first.kill('SIGSTOP') // lest it be done before the second begins
    const again = await revflow(...runArgs('twice')).finally(() => first.kill('SIGCONT'))
    expect(again.code).toBe(2)
    expect(again.output).toContain(
      `expected a run that no other process is training, received that of process ${first.pid}`,
    )
    expect(await finished).toBe(0)
    expect(results('twice')).toEqual(results('whole'))
    expect((await revflow(...runArgs('twice'))).output).toContain('already done')
  }, 120_000)

  it('refuses more decisions a transition than an episode has', async () => {
    const { code, output } = await revflow(...runArgs('long'), '--set', 'options.nStep=101')
    expect(code).toBe(2)
    expect(output).toContain('config.options.nStep: expected at most the decisions of an episode, 100, received 101')
  })

  it('says when nothing is left to do, and evaluates what was trained', async () => {
    const again = await revflow(...runArgs('whole'))
    expect(again).toMatchObject({ code: 0, output: expect.stringContaining('already done: 3000 steps') })
    const evaluation = await revflow('evaluate', runFolder('whole'), '--episodes', '2', '--rule', 'sample')
    expect(JSON.parse(evaluation.output)).toMatchObject({
      step: 3000,
      rule: 'sample',
      returns: [expect.any(Number), expect.any(Number)],
    })
  })

  it('finishes what was killed between its last checkpoint and its summary', async () => {
    const summary = join(runFolder('whole'), 'summary.json')
    const before = readFileSync(summary, 'utf8')
    rmSync(summary)
    expect((await revflow(...runArgs('whole'))).code).toBe(0)
    expect(readFileSync(summary, 'utf8')).toBe(before)
  })

  it('goes on where whoever reads what it writes has left, as `head` does', async () => {
    const [list, run] = [startWith('pipe', 'agents', '--json'), startWith('pipe', ...runArgs('piped'))]
    for (const child of [list, run])
      for (const stream of [child.stdout!, child.stderr!]) stream.once('data', () => stream.destroy())
    expect(await Promise.all([list, run].map(ended))).toEqual([0, 0])
  })

  it('draws what was trained, found by its folder or its id', async () => {
    const [sheet, twin] = [join(folder, 'sheet.png'), join(folder, 'twin.png')]
    const draw = (...args: string[]) => revflow('render', ...args, '--steps', '100', '--frames', '2', '--size', '40x30')
    const { code, output } = await draw('--run', runFolder('whole'), '--out', sheet)
    expect({ code, output }).toMatchObject({
      code: 0,
      output: expect.stringContaining('2 of pendulum-swingup, last at 2.00 s'),
    })
    const byId = ['--run', basename(runFolder('whole')), '--runs-dir', join(folder, 'whole')]
    expect((await draw('pendulum-swingup', ...byId, '--out', twin)).code).toBe(0)
    expect(readFileSync(twin)).toEqual(readFileSync(sheet))
    const other = await draw('cheetah-run', ...byId, '--out', twin)
    expect(other.output).toContain(
      "task: expected 'pendulum-swingup', which the run was trained on, received 'cheetah-run'",
    )
  })

  it('goes on from the checkpoint before where the newest is damaged, and leaves it as it is', async () => {
    const run = runFolder('whole')
    const [newest] = listCheckpoints(join(run, 'checkpoints'))
    const bytes = readFileSync(newest!.path)
    const before = results('whole')
    writeFileSync(newest!.path, bytes.subarray(0, bytes.length - 10))
    const { code, output } = await revflow('resume', run)
    expect(output).toContain('skipped a damaged checkpoint')
    expect(output).toContain('resumed at step 2750')
    expect(code).toBe(0)
    expect(results('whole')).toEqual(before)

    for (const { path } of listCheckpoints(join(run, 'checkpoints'))) writeFileSync(path, 'x')
    const hopeless = await revflow('resume', run)
    expect(hopeless.code).toBe(2)
    expect(hopeless.output).toMatch(/step-3000\.safetensors: expected a header, received 1 bytes/)
    expect(readFileSync(newest!.path, 'utf8')).toBe('x')
  })
})

it('names a module that does not load', async () => {
  const file = join(folder, 'broken.mjs')
  writeFileSync(file, 'export default {')
  const { code, output } = await revflow('train', file, '--runs-dir', join(folder, 'unloadable'))
  expect(output).toContain('broken.mjs: expected a module that loads, received')
  expect(code).toBe(2)
})

describe('what is not finite', () => {
  const train = (runs: string, task: string, ...settings: string[]) =>
    revflow(
      'train',
      task,
      '--config',
      config,
      '--runs-dir',
      join(folder, runs),
      ...settings.flatMap((s) => ['--set', s]),
    )

  it('ends a run as diverged, and no checkpoint holds it', async () => {
    const { code, output } = await train(
      'diverged',
      'pendulum-swingup',
      'logEvery=100000',
      'checkpointEvery=10',
      'options.actorLearningRate=1.0e30',
      'options.criticLearningRate=1.0e20',
    )
    expect(output).toContain('expected finite numbers, received')
    expect(output).toContain('lower a learning rate')
    expect(code).toBe(1)
    for (const { path } of listCheckpoints(join(runFolder('diverged'), 'checkpoints'))) {
      const { tensors } = readCheckpoint(path)
      for (const { data } of Object.values(tensors)) expect(Array.from(data).every(Number.isFinite)).toBe(true)
    }
  })

  it.each([
    ['reward', 'reward: Infinity, observation: Float32Array.of(0)'],
    ['observation', 'reward: 1, observation: Float32Array.of(NaN)'],
  ])('%s of an environment is named', async (what, given) => {
    const file = join(folder, `no-${what}.mjs`)
    writeFileSync(
      file,
      `export default () => ({
        task: 'broken',
        observationSpace: { size: 1, entries: [{ name: 'position', size: 1 }] },
        actionSpace: { size: 1, names: ['push'], low: [-1], high: [1] },
        reset: () => ({ observation: Float32Array.of(0) }),
        step: () => ({ ${given}, terminated: false, truncated: false }),
        getState: () => ({ values: Float64Array.of(0), meta: {} }),
        setState() {},
        close() {},
      })`,
    )
    const { code, output } = await train('broken', file)
    expect(output).toContain(`${what} of ${file}: expected finite numbers, received`)
    expect(code).toBe(2)
  })
})

describe('bad requests give one line, exit code 2, and change nothing', () => {
  const cases: [string[], string][] = [
    [['train', 'cartpole-swingpu'], "received 'cartpole-swingpu'; did you mean 'cartpole-swingup'?"],
    [['train', '--agent', 'rmf'], "did you mean 'rfm'?"],
    [['train', '--set', 'options.candidatse=3'], 'config.options.candidatse: expected one of'],
    [
      ['train', '--set', 'options.candidates=many'],
      "config.options.candidates: expected a value of type number, received 'many'",
    ],
    [['train', '--set', 'options.estimator=rfm-bxo'], "did you mean 'rfm-box'?"],
    [['train', '--set', 'stepz=3'], "did you mean 'steps'?"],
    [['train', '--set', 'steps'], '--set steps: expected key=value'],
    [
      ['train', '--set', 'options.hidden=[1,'],
      "--set options.hidden: expected a value in YAML, such as 32, mish or [64, 64], received '[1,'",
    ],
    [['train', '--set', 'options.__proto__=3'], '--set options.__proto__=3: expected key=value'],
    [['train', '--set', 'threads=100000'], 'config.threads: expected at most 512, received 100000'],
    [['train', '--config', list], 'list.yaml: expected a YAML mapping of options, received a list'],
    [['agents', '--docs', config], 'small.yaml/'],
    [['estimators', '--docs', join(config, 'x.md')], 'x.md: expected a file that can be written'],
    [['train', '--set', 'options.hidden=*x'], '--set options.hidden: expected a value in YAML'],
    [['train', '--set', 'options.discount=.nan'], 'received NaN'],
    [['train', '--steps', 'ten'], "--steps: expected an integer, received 'ten'"],
    [['train', '--seed', '-1'], 'config.seed: expected at least 0, received -1'],
    [['train', '--config', '/no/such/file.yaml'], '/no/such/file.yaml: expected a readable YAML file'],
    [['train', '--runs-dir', join(config, 'below-a-file')], 'expected a folder that can be written'],
    [['train', '--stepz', '3'], "unknown option '--stepz'"],
    [['resume', '/no/such/run'], '/no/such/run: expected the folder of a run'],
    [['evaluate', '/no/such/run', '--rule', 'bets'], "did you mean 'best'?"],
    [['trian'], "did you mean 'train'?"],
  ]
  it.each(cases)('%j', async (args, message) => {
    const withRuns =
      args[0] === 'train' && !args.includes('--runs-dir') ? [...args, '--runs-dir', join(folder, 'bad')] : args
    const { code, output } = await revflow(...withRuns)
    expect(code).toBe(2)
    expect(output).toContain(message)
    expect(existsSync(join(folder, 'bad'))).toBe(false)
  })

  it('a damaged log of evaluations', async () => {
    const run = join(folder, 'damaged')
    cpSync(runFolder('twice'), run, { recursive: true })
    writeFileSync(join(run, 'eval.jsonl'), '{"step": 10')
    const { code, output } = await revflow('resume', run)
    expect(output).toContain('eval.jsonl, line 1: expected a line as the run wrote it, received {"step": 10')
    expect(code).toBe(2)
    rmSync(join(run, 'checkpoints'), { recursive: true })
    const evaluated = await revflow('evaluate', run)
    expect(evaluated.output).toContain('checkpoint')
    expect(evaluated.code).toBe(2)
  })

  it('an altered configuration in a run folder', async () => {
    const run = join(folder, 'altered')
    mkdirSync(run)
    const resume = async (altered: unknown) => {
      writeFileSync(join(run, 'config.json'), JSON.stringify(altered))
      const { code, output } = await revflow('resume', run)
      expect(code).toBe(2)
      return output
    }
    expect(await resume({ task: 3 })).toContain('expected the configuration of a run, received config.task')
    const whole = JSON.parse(readFileSync(join(runFolder('twice'), 'config.json'), 'utf8'))
    const altered = { ...whole, options: { ...whole.options, candidatse: 3 } }
    expect(await resume(altered)).toContain('received config.options.candidatse: expected one of')
    expect(await resume({ ...whole, agent: 'rmf' })).toContain("did you mean 'rfm'?")
    cpSync(join(runFolder('twice'), 'checkpoints'), join(run, 'checkpoints'), { recursive: true })
    expect(await resume({ ...whole, steps: 4000, options: { ...whole.options, hidden: [16, 8] } })).toContain(
      'expected [16, 8], received [16, 16]; it was written with another configuration',
    )
    expect(await resume({ ...whole, steps: 4000, agent: 'sac', options: {} })).toContain(
      'expected [3, 128], received [3, 16]',
    )
  })
})
