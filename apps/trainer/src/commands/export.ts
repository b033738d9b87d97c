import { lookUp, RevflowError } from '@revflow/core'
import { makeRunEnv } from '../run/env.ts'
import { exportPolicy } from '../run/export.ts'
import { fileWriter } from '../run/folder.ts'
import { openPolicy, RULES } from '../run/policy.ts'

/** `revflow export <run>`: writes the policy as an ONNX model. */
export async function exportCommand(
  path: string,
  flags: { out: string; rule: string; batch: number },
): Promise<number> {
  const rule = lookUp('--rule', flags.rule, RULES)
  if (flags.batch < 1)
    throw new RevflowError({
      code: 'invalid-option',
      path: '--batch',
      expected: 'at least 1',
      received: `${flags.batch}`,
    })
  const policy = await openPolicy(path)
  const env = await makeRunEnv(policy.config, 0)
  try {
    const write = fileWriter(flags.out)
    const { model, metadata } = exportPolicy(policy, env, { rule, n: flags.batch })
    write(model)
    const { agent, task, step, observation, noise, action } = metadata
    const drawn = Object.entries(noise).map(([name, { shape, law }]) => `, ${name} [${shape.join(', ')}] ${law}`)
    process.stdout.write(
      `${flags.out}: ${agent} on ${task} after ${step} steps, ${Math.ceil(model.length / 1000)} kB
inputs: ${observation.input} [${flags.batch}, ${env.observationSpace.size}]${drawn.join('')}
output: ${action.output} [${flags.batch}, ${action.names.length}] (${action.names.join(', ')})
`,
    )
    return 0
  } finally {
    env.close()
    await policy.close()
  }
}
