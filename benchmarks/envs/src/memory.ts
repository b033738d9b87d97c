import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { makeEnv } from '@revflow/envs'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const megabytes = (bytes: number) => Math.round((bytes / 2 ** 20) * 10) / 10

export interface MemorySample {
  readonly steps: number
  readonly resets: number
  readonly rssMB: number
  readonly heapUsedMB: number
  /** Outside of JavaScript's heap: typed arrays, and WebAssembly memory as Node counts it. */
  readonly externalMB: number
  /** Length of MuJoCo's memory, which only grows. */
  readonly wasmMB: number
}

/** Samples memory, garbage collected, at the start and after each fifth of so many steps and resets of one environment. */
export async function watchMemory(task: string, steps: number, resets: number): Promise<MemorySample[]> {
  const env = await makeEnv(task)
  const action = env.actionSpace.names.map(() => 0.3)
  const done = { steps: 0, resets: 0 }
  const samples: MemorySample[] = []
  const sample = () => {
    collect()
    const { rss, heapUsed, external } = process.memoryUsage()
    const wasm = env.physics.dataView('qpos')().buffer.byteLength
    samples.push({
      ...done,
      rssMB: megabytes(rss),
      heapUsedMB: megabytes(heapUsed),
      externalMB: megabytes(external),
      wasmMB: megabytes(wasm),
    })
  }
  const reset = () => {
    env.reset()
    done.resets++
  }
  reset()
  sample()
  for (let part = 1; part <= 5; part++) {
    while (done.steps < (steps * part) / 5) {
      done.steps++
      const { terminated, truncated } = env.step(action)
      if (terminated || truncated) reset()
    }
    while (done.resets < (resets * part) / 5) reset()
    sample()
  }
  env.close()
  return samples
}

/** Bytes of JavaScript's heap that a step takes, its observation and result included. */
export async function allocatedByStep(task: string): Promise<number> {
  const env = await makeEnv(task)
  const action = env.actionSpace.names.map(() => 0.3)
  const run = (steps: number) => {
    for (let i = 0; i < steps; i++) env.step(action)
  }
  for (let i = 0; i < 20; i++) {
    env.reset()
    run(500)
  }
  env.reset()
  collect()
  const before = process.memoryUsage().heapUsed
  run(500)
  const bytes = (process.memoryUsage().heapUsed - before) / 500
  env.close()
  return Math.round(bytes)
}
