import { lookUp, RevflowError } from '@revflow/core'
import { createEvaluator } from '../run/evaluate.ts'
import { openPolicy, RULES } from '../run/policy.ts'

/** `revflow evaluate <run>`: prints one JSON line. */
export async function evaluateCommand(path: string, flags: { episodes: number; rule: string }): Promise<number> {
  const rule = lookUp('--rule', flags.rule, RULES)
  if (flags.episodes < 1)
    throw new RevflowError({
      code: 'invalid-option',
      path: '--episodes',
      expected: 'at least 1',
      received: `${flags.episodes}`,
    })
  const { config, step, learner, close } = await openPolicy(path)
  const evaluator = await createEvaluator(config, flags.episodes)
  try {
    const returns = await evaluator.play(learner, rule, `command/${rule}`)
    const mean = returns.reduce((a, b) => a + b, 0) / returns.length
    const std = Math.sqrt(returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / returns.length)
    process.stdout.write(`${JSON.stringify({ step, rule, return: mean, std, returns })}\n`)
    return 0
  } finally {
    evaluator.close()
    await close()
  }
}
