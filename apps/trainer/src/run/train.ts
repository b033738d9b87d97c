import { appendFileSync, existsSync } from 'node:fs'
import type { HostTensor } from '@revflow/jit'
import { z } from 'zod'
import { type CheckpointData, readLatestCheckpoint, writeCheckpoint } from '../checkpoint/checkpoint.ts'
import { type Logs, offsetsSchema, openLogs } from '../logging/logs.ts'
import { learningCurve, writeFigure } from '../plot/learning-curve.ts'
import { createProgress, type Progress } from '../ui/progress.ts'
import type { RunConfig } from './config.ts'
import { createEvaluator, type Evaluator } from './evaluate.ts'
import { type Evaluation, evaluations } from './evaluations.ts'
import { createExperiment, type Experiment } from './experiment.ts'
import { checkLearned } from './finite.ts'
import { prepareFolder, type RunFolder, writeAtomically } from './folder.ts'
import { lock } from './lock.ts'

const metaSchema = z.strictObject({ experiment: z.unknown(), logs: offsetsSchema })
/** The two halves of a run's checkpoint. */
export function experimentOf({ tensors, meta }: CheckpointData) {
  const { experiment, logs } = metaSchema.parse(meta)
  return { experiment: { tensors, meta: experiment }, logs }
}

export interface TrainOutcome {
  /** `done`: all steps made; `stopped`: a checkpoint was saved on request; `already-done`: nothing was left to do. */
  readonly status: 'done' | 'stopped' | 'already-done'
  readonly step: number
  /** Mean return of the last evaluation. */
  readonly finalReturn: number | undefined
}

export interface TrainOptions {
  readonly config: RunConfig
  readonly folder: RunFolder
  /** Asks for a stop with a checkpoint, after the decision under way. */
  readonly signal?: AbortSignal
  /** Says something to the user. */
  readonly say?: (line: string) => void
  readonly stream?: NodeJS.WriteStream
}

/**
 * Trains a run from its last good checkpoint, or from the start, to its end.
 * @throws RevflowError (`run-in-use`) where another process trains it
 */
export async function train(options: TrainOptions): Promise<TrainOutcome> {
  prepareFolder(options.folder, options.config)
  const release = lock(options.folder.lock)
  try {
    return await trainAlone(options)
  } finally {
    release()
  }
}

async function trainAlone({
  config,
  folder,
  say = () => undefined,
  signal,
  stream,
}: TrainOptions): Promise<TrainOutcome> {
  const { found, damaged } = readLatestCheckpoint(folder.checkpoints)
  for (const error of damaged) say(`skipped a damaged checkpoint: ${error.message}`)
  if (found && found.step >= config.steps && existsSync(folder.summary))
    return { status: 'already-done', step: found.step, finalReturn: evaluations(folder).at(-1)?.return }

  const experiment = await createExperiment(config)
  const evaluator = await createEvaluator(config, config.evaluationEpisodes)
  const logs = openLogs(folder)
  const progress = createProgress(config.steps, stream)
  try {
    if (found) {
      const saved = experimentOf(found.data)
      experiment.restore(saved.experiment)
      for (const lost of logs.truncate(saved.logs)) say(`lost: ${lost}`)
      say(`resumed at step ${found.step}`)
    } else logs.truncate({ evaluations: 0, metrics: 0, events: 0 })
    const [before, start] = [experiment.updates, performance.now()]
    const status = await loop({ config, folder, experiment, evaluator, logs, progress, signal })
    const timing = {
      updates: experiment.updates - before,
      updateSeconds: experiment.updateSeconds,
      seconds: (performance.now() - start) / 1000,
    }
    appendFileSync(folder.timing, `${JSON.stringify(timing)}\n`)
    const curve = evaluations(folder)
    if (status === 'done') finish(config, folder, experiment, curve)
    return { status, step: experiment.step, finalReturn: curve.at(-1)?.return }
  } finally {
    progress.stop()
    logs.close()
    evaluator.close()
    await experiment.close()
  }
}

interface Loop {
  readonly config: RunConfig
  readonly folder: RunFolder
  readonly experiment: Experiment
  readonly evaluator: Evaluator
  readonly logs: Logs
  readonly progress: Progress
  readonly signal: AbortSignal | undefined
}

async function loop({
  config,
  folder,
  experiment,
  evaluator,
  logs,
  progress,
  signal,
}: Loop): Promise<'done' | 'stopped'> {
  let saved = experiment.step
  const checkpoint = () => {
    const { tensors, meta } = experiment.save()
    const data = { tensors, meta: { experiment: meta, logs: logs.offsets() } }
    writeCheckpoint(folder.checkpoints, experiment.step, data, saved)
    saved = experiment.step
  }
  let evaluationReturn = evaluations(folder).at(-1)?.return
  let ess: number | undefined
  const clock = createClock(experiment.step)
  while (experiment.step < config.steps) {
    const before = experiment.step
    const { step, episodeReturn, metrics } = await experiment.decide()
    const crossed = (every: number) => Math.floor(step / every) > Math.floor(before / every) || step >= config.steps
    if (episodeReturn !== undefined) progressEpisode(logs, step, episodeReturn)
    if (metrics && crossed(config.logEvery)) {
      const row = readMetrics(metrics)
      ess = row.effectiveSampleSize
      logs.metrics({ step, updates: experiment.updates, ...row })
    }
    if (crossed(config.evaluateEvery)) {
      const row = await evaluate(evaluator, experiment, step)
      logs.evaluation(row)
      evaluationReturn = row.return
    }
    if (crossed(config.checkpointEvery)) checkpoint()
    if (await clock.tick(step))
      progress.update({ step, stepsPerSecond: clock.rate(), evaluationReturn, effectiveSampleSize: ess })
    if (signal?.aborted && step < config.steps) {
      checkpoint()
      return 'stopped'
    }
  }
  progress.update({ step: experiment.step, stepsPerSecond: clock.rate(), evaluationReturn, effectiveSampleSize: ess })
  return 'done'
}

const progressEpisode = (logs: Logs, step: number, episodeReturn: number) => logs.metrics({ step, episodeReturn })

/** Gives the event loop its turn ten times a second (updates block the thread) and measures the pace. */
function createClock(start: number) {
  let last = { time: performance.now(), step: start }
  let pace = 0
  return {
    rate: () => pace,
    async tick(step: number): Promise<boolean> {
      const elapsed = performance.now() - last.time
      if (elapsed < 100) return false
      const now = ((step - last.step) / elapsed) * 1000
      pace = pace === 0 ? now : 0.95 * pace + 0.05 * now
      last = { time: performance.now(), step }
      await new Promise((resolve) => setImmediate(resolve))
      return true
    },
  }
}

/** Scalars of an update. @throws RevflowError (`diverged`) naming the metric that is not finite */
function readMetrics(metrics: Readonly<Record<string, HostTensor>>): Record<string, number> {
  const row = Object.fromEntries(Object.entries(metrics).map(([key, { data }]) => [key, data[0]!]))
  for (const [key, value] of Object.entries(row)) checkLearned(`metric ${key}`, [value])
  return row
}

/** Mean returns by each action rule: `return` is the noise-free action's, the rule of every table. */
async function evaluate(evaluator: Evaluator, { learner }: Experiment, step: number) {
  const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length
  const returns = await evaluator.play(learner, 'mode', `${step}/mode`)
  const mean = average(returns)
  const sampled = average(await evaluator.play(learner, 'sample', `${step}/sample`))
  const best = average(await evaluator.play(learner, 'best', `${step}/best`))
  const std = Math.sqrt(average(returns.map((value) => (value - mean) ** 2)))
  return { step, return: mean, std, sampled, best, returns }
}

function finish(config: RunConfig, folder: RunFolder, experiment: Experiment, curve: readonly Evaluation[]): void {
  const { task, agent, seed } = config
  const points = curve.map(({ step, return: value, std }) => ({ step, value, low: value - std, high: value + std }))
  writeFigure(
    folder.curve,
    learningCurve({ title: `${agent} on ${task}, seed ${seed}`, curves: [{ name: agent, points }] }),
  )
  const last = curve.at(-1)
  const summary = {
    task,
    agent,
    seed,
    steps: experiment.step,
    updates: experiment.updates,
    return: last?.return,
    std: last?.std,
  }
  writeAtomically(folder.summary, `${JSON.stringify(summary, null, 2)}\n`)
}
