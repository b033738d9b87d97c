import { RevflowError } from '@revflow/core'
import { readLatestCheckpoint } from '../checkpoint/checkpoint.ts'
import type { RunConfig } from './config.ts'
import { createExperiment } from './experiment.ts'
import { readRun } from './folder.ts'
import type { Learner } from './learner.ts'
import { experimentOf } from './train.ts'

/** The rules a policy is played by. */
export const RULES = { mode: 'mode', sample: 'sample', best: 'best' } as const

/** What a run has learnt, ready to act. */
export interface Policy {
  readonly config: RunConfig
  /** Environment steps it was trained for. */
  readonly step: number
  readonly learner: Learner
  close(): Promise<void>
}

/** Opens the newest sound checkpoint of a run. @throws RevflowError (`not-a-run`, `no-checkpoint`) */
export async function openPolicy(path: string): Promise<Policy> {
  const { folder, config } = readRun(path)
  const { found } = readLatestCheckpoint(folder.checkpoints)
  if (!found)
    throw new RevflowError({ code: 'no-checkpoint', path, expected: 'a run with a checkpoint', received: 'none yet' })
  const experiment = await createExperiment(config)
  experiment.restore(experimentOf(found.data).experiment)
  return { config, step: found.step, learner: experiment.learner, close: () => experiment.close() }
}
