import { lookUp, RevflowError } from '@revflow/core'
import { readLatestCheckpoint } from '../checkpoint/checkpoint.ts'
import { createEvaluator } from '../run/evaluate.ts'
import { createExperiment } from '../run/experiment.ts'
import { readRun } from '../run/folder.ts'
import { experimentOf } from '../run/train.ts'

const RULES = { mode: 'mode', sample: 'sample', best: 'best' } as const

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
  const { folder, config } = readRun(path)
  const { found } = readLatestCheckpoint(folder.checkpoints)
  if (!found)
    throw new RevflowError({ code: 'no-checkpoint', path, expected: 'a run with a checkpoint', received: 'none yet' })
  const experiment = await createExperiment(config)
  const evaluator = await createEvaluator(config, flags.episodes)
  try {
    experiment.restore(experimentOf(found.data).experiment)
    const returns = await evaluator.play(experiment.learner, rule, `command/${rule}`)
    const mean = returns.reduce((a, b) => a + b, 0) / returns.length
    const std = Math.sqrt(returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / returns.length)
    process.stdout.write(`${JSON.stringify({ step: found.step, rule, return: mean, std, returns })}\n`)
    return 0
  } finally {
    evaluator.close()
    await experiment.close()
  }
}
