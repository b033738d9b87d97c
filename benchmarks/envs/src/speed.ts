import { createRng } from '@revflow/core'
import { type Env, makeEnv } from '@revflow/envs'
import { makeVectorEnv, type VectorEnv } from '@revflow/envs/vector'
import type { PythonTimer } from './python.ts'
import { type Rate, rate } from './rate.ts'

/** Environments stepped together, and threads they are spread over. */
export const ENVIRONMENTS = 16
export const WORKERS = [0, 1, 2] as const

export const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!

/** Rows of random actions within their bounds. */
function randomActions({ actionSpace }: Pick<Env, 'actionSpace'>, rows: number, width: number): Float64Array[] {
  const rng = createRng(0, 'actions')
  const { size, low, high } = actionSpace
  return Array.from({ length: rows }, () =>
    Float64Array.from({ length: size * width }, (_, i) => {
      const [a, b] = [low[i % size]!, high[i % size]!]
      return a + (b - a) * rng.uniform()
    }),
  )
}

/** A stepper with random actions, resets included. */
function stepperOf(env: Env): (i: number) => void {
  const actions = randomActions(env, 1000, 1)
  env.reset()
  return (i) => {
    const { terminated, truncated } = env.step(actions[i % 1000]!)
    if (terminated || truncated) env.reset()
  }
}

function vectorStepperOf(envs: VectorEnv): (i: number) => void {
  const actions = randomActions(envs, 100, envs.size)
  envs.reset()
  return (i) => envs.step(actions[i % 100]!)
}

/** Control steps a second: one number a round. */
export interface TaskSpeed {
  readonly task: string
  readonly single: readonly Rate[]
  /** By the clock and by number of workers, of {@link ENVIRONMENTS} environments together. */
  readonly vector: readonly (readonly number[])[]
  /** Python dm_control, where there is one that runs the task. */
  readonly python: readonly Rate[]
  /** Why not, where dm_control does not run the task. */
  readonly skipped?: string
}

export interface Timing {
  readonly rounds: number
  /** Of each measurement. */
  readonly seconds: number
  readonly python: PythonTimer | undefined
}

/** Times a task, all kinds in turn in each round, so that a slow moment of the machine hits all. */
export async function timeTask(task: string, { rounds, seconds, python }: Timing): Promise<TaskSpeed> {
  const env = await makeEnv(task)
  const step = stepperOf(env)
  const vectors: VectorEnv[] = []
  for (const workers of WORKERS) vectors.push(await makeVectorEnv(task, ENVIRONMENTS, { workers }))
  const vectorSteps = vectors.map(vectorStepperOf)
  let skipped: string | undefined
  const result = { task, single: [] as Rate[], vector: WORKERS.map(() => [] as number[]), python: [] as Rate[] }
  // The first round warms up: compilers at work, models loaded.
  for (let round = -1; round < rounds; round++) {
    const span = round < 0 ? seconds / 3 : seconds
    const single = rate(step, span)
    const beside = skipped === undefined ? await python?.rate(task, span) : undefined
    if (beside && 'reason' in beside) skipped = beside.reason
    const together = vectorSteps.map((vectorStep) => ENVIRONMENTS * rate(vectorStep, span).wall)
    if (round < 0) continue
    result.single.push(single)
    if (beside && !('reason' in beside)) result.python.push(beside)
    for (const [i, value] of together.entries()) result.vector[i]!.push(value)
  }
  env.close()
  for (const vector of vectors) await vector.close()
  return { ...result, ...(skipped !== undefined && { skipped }) }
}

/** Our steps over those of dm_control for the same processor time, by rounds; none where there is no Python. */
export function ratiosOf({ single, python }: TaskSpeed): number[] {
  return python.map(({ cpu }, i) => single[i]!.cpu / cpu)
}

/** Microseconds that a call of `step` of {@link ENVIRONMENTS} environments takes which do nothing, by workers. */
export async function timeOverhead({ rounds, seconds }: Timing): Promise<number[]> {
  const source = new URL(`./noop${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
  const vectors: VectorEnv[] = []
  for (const workers of WORKERS) vectors.push(await makeVectorEnv(source, ENVIRONMENTS, { workers }))
  const steps = vectors.map(vectorStepperOf)
  const times = steps.map(() => [] as number[])
  for (let round = 0; round < rounds; round++)
    for (const [i, step] of steps.entries()) times[i]!.push(1e6 / rate(step, seconds).wall)
  for (const vector of vectors) await vector.close()
  return times.map(median)
}
