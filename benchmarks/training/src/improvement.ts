import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type ActionRule, type AgentState, agents, createAgent } from '@revflow/agents'
import {
  type Circumstances,
  circumstances,
  hostNoise,
  hostTree,
  inWords,
  markdownTable,
  readJsonLines,
  type TrainedRun,
  trainedRun,
} from '@revflow/benchmark-shared'
import { createRng, type Tree } from '@revflow/core'
import { HostTensor, jit } from '@revflow/jit'
import type { TwinCriticParams } from '@revflow/rl'
import { writeAtomically } from '@revflow/trainer'
import * as tf from '@tensorflow/tfjs-core'
import { type Profile, plan } from './plan.ts'

/** States that policies are judged at, draws of a policy and starts of the search for the best action at each of them. */
const [STATES, DRAWS, STARTS] = [400, 8, 8]
/** Steps of that search, along the sign of ∇Q, each a little shorter than the one before. */
const CLIMB = Array.from({ length: 20 }, (_, i) => 0.1 * 0.87 ** i)

/** What a policy has come to. */
export interface Improvement extends Circumstances {
  /** Whose critics: task, agent, seed, folder and step of the run. */
  readonly critics: string
  readonly variant: string
  readonly updates: number
  /** min Q of the noise-free action, as a share of the way from uniform actions, 0, to the best found, 1. */
  readonly mode: number
  /** The same of one draw. */
  readonly sample: number
  /** The same of the best of 8 draws. */
  readonly best: number
  /** Standard deviation of the draws at a state, mean over states and coordinates. */
  readonly spread: number
  /** Processor time of an update, learning of the critics included, in ms. */
  readonly cpuMs: number
}

type Host = Readonly<Record<string, HostTensor>>
type Update = (state: Tree<HostTensor>, batch: Host, noise: Host) => Promise<{ state: Tree<HostTensor> }>
type Act = (state: Tree<HostTensor>, observation: HostTensor, noise: Host) => Promise<HostTensor>

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Judges actions at some states of a run's replay: min Q as a share of the way from uniform actions to the best found. */
async function judge(run: TrainedRun) {
  const { critics, params, actionSize: dim } = run
  const rng = createRng(99)
  const observation = run.rows(
    'observation',
    Array.from({ length: STATES }, () => rng.integer(run.transitions)),
  )
  const value = jit((own: TwinCriticParams, s: tf.Tensor2D, a: tf.Tensor3D) => critics.minimum(own, s, a))
  const climb = jit((own: TwinCriticParams, s: tf.Tensor2D, start: tf.Tensor3D) => {
    let a = start
    for (const step of CLIMB) {
      const { grad } = critics.minimumWithActionGradient(own, s, a)
      a = tf.clipByValue(tf.add(a, tf.mul(step, tf.sign(grad))), -1, 1)
    }
    return critics.minimum(own, s, a)
  })
  /** Of n actions at each state, [STATES][n]. */
  const values = async (fn: typeof value, actions: Float32Array) => {
    const n = actions.length / STATES / dim
    const { data } = (await fn(
      params as never,
      observation as never,
      HostTensor.from(actions, [STATES, n, dim]) as never,
    )) as unknown as HostTensor
    return Array.from({ length: STATES }, (_, i) => [...(data as Float32Array).subarray(i * n, (i + 1) * n)])
  }
  const starts = rng.fillUniform(new Float32Array(STATES * STARTS * dim), -1, 1)
  const uniform = mean((await values(value, starts)).flat())
  const best = mean((await values(climb, starts)).map((row) => Math.max(...row)))
  await climb.dispose()
  const share = (q: number) => (q - uniform) / (best - uniform)
  return {
    observation,
    async of(mode: Float32Array, draws: readonly Float32Array[]) {
      const all = new Float32Array(STATES * draws.length * dim)
      for (const [k, drawn] of draws.entries())
        for (let i = 0; i < STATES; i++) all.set(drawn.subarray(i * dim, (i + 1) * dim), (i * draws.length + k) * dim)
      const drawn = await values(value, all)
      const deviations = Array.from({ length: STATES * dim }, (_, i) => {
        const own = draws.map((draw) => draw[i]!)
        const centre = mean(own)
        return Math.sqrt(own.reduce((sum, a) => sum + (a - centre) ** 2, 0) / (own.length - 1))
      })
      return {
        mode: share(mean((await values(value, mode)).flat())),
        sample: share(mean(drawn.flat())),
        best: share(mean(drawn.map((row) => Math.max(...row)))),
        spread: mean(deviations),
      }
    },
    dispose: () => value.dispose(),
  }
}

/**
 * Trains the policy of every variant of a profile on the critics of a run, held as they are, at states and actions of its
 * replay: what a method makes of the same critics, without the chance of what a run happens to see. Yields each as it is done.
 */
export async function* improvements(profile: Profile, folder: string, updates: number): AsyncGenerator<Improvement> {
  const run = trainedRun(folder)
  const judged = await judge(run)
  for (const { variant, config } of plan({ ...profile, tasks: [run.task], seeds: [0] })) {
    const algorithm = createAgent(agents, config.agent, config.options, run, run.critics)
    const update = jit(algorithm.update, { threads: 1 }) as unknown as Update & { dispose(): Promise<void> }
    const drawn = algorithm.init(createRng(0))
    const initial = hostTree(drawn)
    tf.dispose(drawn as tf.NamedTensorMap)
    const held = { critics: run.params, targets: run.params }
    let state: Tree<HostTensor> = { ...(initial as object), ...held }
    const rng = createRng(5)
    const zeros = HostTensor.from(new Float32Array(algorithm.batchSize))
    const start = process.cpuUsage().user
    for (let i = 0; i < updates; i++) {
      const places = Array.from({ length: algorithm.batchSize }, () => rng.integer(run.transitions))
      const [observation, action, nextObservation] = (['observation', 'action', 'nextObservation'] as const).map(
        (name) => run.rows(name, places),
      )
      const batch = { observation, action, nextObservation, reward: zeros, terminated: zeros } as Host
      const learned: { state: Tree<HostTensor> } = await update(state, batch, hostNoise(rng, algorithm.noise.update))
      state = { ...(learned.state as object), ...held }
    }
    const cpuMs = (process.cpuUsage().user - start) / 1000 / updates
    const act = async (rule: ActionRule, times: number): Promise<Float32Array[]> => {
      const fn = jit((s: AgentState, o: tf.Tensor2D, noise: Record<string, tf.Tensor>) =>
        algorithm.act(rule, s, o, noise),
      )
      const draws: Float32Array[] = []
      for (let k = 0; k < times; k++) {
        const noise = hostNoise(rng, algorithm.noise.act(rule, STATES))
        const { data } = await (fn as unknown as Act)(state, judged.observation, noise)
        draws.push(data as Float32Array)
      }
      await fn.dispose()
      return draws
    }
    const [[mode], draws] = [await act('mode', 1), await act('sample', DRAWS)]
    await update.dispose()
    const critics = `${run.task}, ${run.agent}, seed ${run.seed}, run ${run.id} at step ${run.step}`
    yield { critics, variant, updates, ...(await judged.of(mode!, draws)), cpuMs, ...circumstances() }
  }
  await judged.dispose()
}

const NAMES = ['mode', 'sample', 'best', 'spread'] as const

function table(rows: readonly Improvement[]): string {
  const cells = rows.map((row) => [
    row.variant,
    `${row.updates}`,
    ...NAMES.map((name) => row[name].toFixed(2)),
    row.cpuMs.toFixed(1),
  ])
  return markdownTable(
    [
      'variant',
      'updates',
      'noise-free action',
      'one draw',
      `best of ${DRAWS} draws`,
      'spread of draws',
      'ms an update',
    ],
    cells,
  )
}

/**
 * Makes {@link improvements}, adds them to `<out>/improvement.jsonl`, in place of what was measured of the same before, and
 * writes `<out>/report.md` of all that is there.
 */
export async function improve(options: {
  readonly profile: Profile
  /** Folder of the run whose critics they are. */
  readonly run: string
  readonly updates: number
  readonly out: string
  readonly say: (line: string) => void
}): Promise<void> {
  const { profile, run, updates, out, say } = options
  mkdirSync(out, { recursive: true })
  const file = join(out, 'improvement.jsonl')
  let rows = readJsonLines<Improvement>(file)
  for await (const made of improvements(profile, run, updates)) {
    const same = (row: Improvement) =>
      row.critics === made.critics && row.variant === made.variant && row.updates === made.updates
    rows = [...rows.filter((row) => !same(row)), made]
    writeAtomically(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    writeAtomically(join(out, 'report.md'), page(rows))
    say(`${made.variant}: ${NAMES.map((name) => `${name} ${made[name].toFixed(2)}`).join(', ')}`)
  }
}

function page(rows: readonly Improvement[]): string {
  const critics = [...new Set(rows.map((row) => row.critics))]
  const parts = critics.map((name) => `## Critics of ${name}\n\n${table(rows.filter((row) => row.critics === name))}\n`)
  return `# Improvement of policies on given critics

Written by \`npx -y pnpm@12 bench:improve\`; every number is in [improvement.jsonl](improvement.jsonl). Made ${inWords(rows)}.

Policies trained on the averaged critics of a run, held as they are, at states and actions of its replay. min Q at ${STATES} of
these states, as a share of the way from uniform actions (0) to the best action that ${STARTS} climbs find (1).

${parts.join('\n')}`
}
