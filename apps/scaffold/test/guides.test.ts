import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Agent, createAgent } from '@revflow/agents'
import { type EnvFactory, makeEnv } from '@revflow/envs'
import { jit } from '@revflow/jit'
import type { Schedule } from '@revflow/schedules'
import { type Estimator, listEstimators, registerEstimator } from '@revflow/stein'
import { type Compile, conformanceChecks } from '@revflow/stein/testing'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { agentSource } from '../src/kinds/agent.ts'
import { environmentSource } from '../src/kinds/environment.ts'
import { estimatorSource } from '../src/kinds/estimator.ts'
import { repository } from './copy.ts'

beforeAll(() => tf.setBackend('cpu'))

/** The TypeScript of a guide, block by block. */
function blocks(guide: string): string[] {
  const text = readFileSync(join(repository, guide), 'utf8')
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!)
}

/** What a piece of code exports. */
async function load<T>(code: string): Promise<T> {
  const file = fileURLToPath(new URL('.guide-sample.ts', import.meta.url))
  try {
    writeFileSync(file, code)
    return (await import(/* @vite-ignore */ `${file}?${code.length}`)) as T
  } finally {
    rmSync(file)
  }
}

describe('the guides to contributing', () => {
  it('an estimator: what the scaffold writes, which passes the conformance kit outside of the repository too', async () => {
    const [code, ...others] = blocks('docs/guides/contribute-an-estimator.md')
    expect(others).toEqual([])
    expect(code).toBe(estimatorSource({ name: 'wide', identifier: 'wide' }))
    const { wide } = await load<{ wide: Estimator }>(code!.replace(/from '\.\.\/.*'/g, "from '@revflow/stein'"))
    registerEstimator(wide)
    expect(listEstimators()).toContain(wide)
    for (const { run } of conformanceChecks(wide, { compile: jit as unknown as Compile })) await run()
  })

  it('an agent: a setting that can be set up, and what the scaffold writes', async () => {
    const [setting, code, ...others] = blocks('docs/guides/contribute-an-agent.md')
    expect(others).toEqual([])
    expect(code).toBe(agentSource({ name: 'climber', identifier: 'climber' }))
    const { calm } = await load<{ calm: Agent }>(setting!)
    const algorithm = createAgent({ calm }, 'calm', {}, { observationSize: 3, actionSize: 2 })
    expect(algorithm.noise.update.candidates!.shape).toEqual([64, 16, 2])
  })

  it('an environment: what the scaffold writes, and one without MuJoCo that continues to the bit', async () => {
    const [code, own, ...others] = blocks('docs/guides/contribute-an-environment.md')
    expect(others).toEqual([])
    expect(code).toBe(environmentSource({ name: 'slider-reach', identifier: 'slider', file: 'slider' }))
    const { default: makeHome } = await load<{ default: EnvFactory }>(own!)
    const env = await makeEnv(makeHome, { seed: 1 })
    env.reset()
    const state = env.getState()
    const walk = () => {
      const seen: unknown[] = []
      for (let i = 0; i < 150; i++) {
        const { observation, reward, terminated, truncated } = env.step([1, -1])
        seen.push([...observation, reward, terminated, truncated])
        if (terminated || truncated) seen.push(...env.reset().observation)
      }
      return seen
    }
    const once = walk()
    env.setState(state)
    expect(walk()).toEqual(once)
    expect(once.length).toBeGreaterThan(150)
    env.close()
  })

  it('a schedule: coefficients with their derivatives, and a posterior mean as in closed form', async () => {
    const code = blocks('docs/guides/contribute-a-schedule.md')
    expect(code).toHaveLength(2)
    const { easedFlow, data } = await load<{ easedFlow: Schedule; data: tf.Tensor }>(code.join('\n'))
    expect(easedFlow.at(0)).toMatchObject({ alpha: 0, beta: 1 })
    expect(easedFlow.at(1)).toMatchObject({ alpha: 1, beta: 0 })
    // t = ½: α = β = ½, so E[X1|x] = x; with the optimal η there is hardly a variance
    for (const [i, x] of [0.6, -0.2].entries()) expect(data.dataSync()[i]!).toBeCloseTo(x, 1)
  })
})
