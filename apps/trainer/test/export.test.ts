import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRng } from '@revflow/core'
import * as ort from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeRunEnv } from '../src/run/env.ts'
import { toBounds } from '../src/run/experiment.ts'
import { exportPolicy } from '../src/run/export.ts'
import { openPolicy } from '../src/run/policy.ts'
import { revflow } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'revflow-export-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A short run of an agent on a point in the plane, whose actions have bounds of their own. */
async function trained(agent: string): Promise<string> {
  const file = join(folder, 'point.mjs')
  writeFileSync(
    file,
    `export default () => {
      let x = [0, 0]
      return {
        task: 'point',
        observationSpace: { size: 2, entries: [{ name: 'place', size: 2 }] },
        actionSpace: { size: 2, names: ['east', 'north'], low: [-1, 0], high: [3, 10] },
        reset: () => ({ observation: Float32Array.from((x = [0, 0])) }),
        step(a) {
          x = x.map((v, i) => v + 0.01 * a[i])
          return { observation: Float32Array.from(x), reward: x[0], terminated: false, truncated: x[1] > 2 }
        },
        getState: () => ({ values: Float64Array.from(x), meta: {} }),
        setState: ({ values }) => (x = [...values]),
        close() {},
      }
    }`,
  )
  const small = 'steps=80 actionRepeat=1 randomSteps=40 evaluateEvery=80 evaluationEpisodes=1 options.hidden=[16] options.batchSize=8 options.actorBatchSize=8 options.bestOf=3' // biome-ignore format: one list
  const runs = join(folder, 'runs')
  const { code, output } = await revflow('train', file, '--agent', agent, '--runs-dir', runs, ...small.split(' ').flatMap((s) => ['--set', s])) // biome-ignore format: one list
  expect({ code, output }).toMatchObject({ code: 0 })
  const at = join(runs, 'point', agent)
  return join(at, readdirSync(at)[0]!)
}

// velocity by Euler steps, DDPM steps with noise of their own, no flow at all
describe.each(['rfm', 'qsm', 'sac'])('revflow export of %s', (agent) => {
  let run = ''
  beforeAll(async () => {
    run = await trained(agent)
  })

  it.each(['sample', 'mode', 'best'])('acts by %s as the policy does here', async (rule) => {
    const out = join(folder, `${agent}-${rule}.onnx`)
    const { code, output } = await revflow('export', run, '--out', out, '--rule', rule, '--batch', '3')
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining(`${agent} on `) })

    const policy = await openPolicy(run)
    const env = await makeRunEnv(policy.config, 0)
    const { metadata } = exportPolicy(policy, env, { rule: rule as 'mode', n: 3 })
    expect(readFileSync(out).includes(JSON.stringify(metadata))).toBe(true)
    expect(metadata).toMatchObject({
      task: 'point',
      agent,
      rule,
      step: 80,
      action: { names: ['east', 'north'], high: [3, 10] },
    })
    expect(Object.keys(metadata.noise).length).toBe(rule === 'mode' ? 0 : agent === 'qsm' ? 2 : 1)

    const observations = createRng(1).fillNormal(new Float32Array(6))
    const rng = createRng(2)
    const feeds: Record<string, ort.Tensor> = {
      [metadata.observation.input]: new ort.Tensor('float32', observations, [3, 2]),
    }
    // the order and the law in which the learner draws
    for (const [name, { shape, law }] of Object.entries(metadata.noise)) {
      expect(law).toBe('normal')
      const size = shape.reduce((a, b) => a * b, 1)
      feeds[name] = new ort.Tensor('float32', rng.fillNormal(new Float32Array(size)), shape)
    }
    const session = await ort.InferenceSession.create(out)
    const found = (await session.run(feeds))[metadata.action.output]!
    expect(found.dims).toEqual([3, 2])
    const actions = await policy.learner.act(rule as 'mode', observations, createRng(2))
    for (let i = 0; i < 3; i++) {
      const wanted = toBounds(actions.slice(2 * i, 2 * i + 2), env)
      for (const [j, value] of wanted.entries()) expect(Number(found.data[2 * i + j])).toBeCloseTo(value, 4)
    }
    await session.release()
    await policy.close()
    env.close()
  })
})

it('bad requests to export give one line, exit code 2, and no file', async () => {
  const out = join(folder, 'none.onnx')
  const cases: [string[], string][] = [
    [[join(folder, 'no-such-run')], 'expected the folder of a run'],
    [[folder, '--rule', 'bets'], "did you mean 'best'?"],
    [[folder, '--batch', '0'], '--batch: expected at least 1, received 0'],
  ]
  for (const [args, message] of cases) {
    const { code, output } = await revflow('export', ...args, '--out', out)
    expect({ code, output }).toMatchObject({ code: 2, output: expect.stringContaining(message) })
    expect(output.trim().split('\n')).toHaveLength(1)
  }
  expect(readdirSync(folder)).not.toContain('none.onnx')
})
