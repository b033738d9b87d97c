import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { type Agent, agents, createAgent, type UpdateCost } from '@revflow/agents'
import type { Circumstances } from '@revflow/benchmark-shared'
import { RevflowError } from '@revflow/core'
import {
  type Evaluation,
  evaluations,
  resolveConfig,
  runFolder,
  runId,
  type Timing,
  timing,
  writeAtomically,
} from '@revflow/trainer'
import type { PlannedRun } from './plan.ts'
import { madeOf } from './run.ts'

/** A run that is done: its plan, its evaluations and how long it took. */
export interface FinishedRun extends PlannedRun {
  readonly curve: readonly Evaluation[]
  readonly timing: Timing
  /** Where, when and of which commit, where that was written down. */
  readonly made?: Circumstances
}

/** How an action is chosen at evaluation. */
export const RULES = { return: 'noise-free action', sampled: 'one draw', best: 'best draw by the critics' } as const
export type Rule = keyof typeof RULES

const RAW = 'runs.jsonl.gz'

/** The runs of a plan that are done: here, or by the raw results in `out`. */
export function collect(runs: readonly PlannedRun[], runsDir: string, out: string): FinishedRun[] {
  const known = new Map(readRaw(out).map((run) => [currentId(run), run]))
  return runs.flatMap((run): FinishedRun[] => {
    const folder = runFolder(runsDir, run.config)
    if (existsSync(folder.summary)) {
      const file = madeOf(run, runsDir)
      const made = existsSync(file) && { made: JSON.parse(readFileSync(file, 'utf8')) as Circumstances }
      return [{ ...run, curve: evaluations(folder), timing: timing(folder), ...made }]
    }
    const raw = known.get(run.id)
    return raw ? [{ ...raw, ...run }] : []
  })
}

/** The id that a recorded run has today: options that came after it are at their defaults. None where it cannot be made. */
function currentId({ config }: PlannedRun): string | undefined {
  try {
    return runId(resolveConfig({ flags: { ...config }, set: [] }))
  } catch (error) {
    if (error instanceof RevflowError) return undefined
    throw error
  }
}

function readRaw(out: string): FinishedRun[] {
  const file = join(out, RAW)
  if (!existsSync(file)) return []
  try {
    const lines = gunzipSync(readFileSync(file)).toString('utf8').split('\n').filter(Boolean)
    return lines.map((line) => JSON.parse(line) as FinishedRun)
  } catch (cause) {
    throw new RevflowError(
      {
        code: 'damaged-results',
        path: file,
        expected: 'JSON lines, compressed by gzip',
        received: (cause as Error).message,
        hint: 'restore it from a copy, or move it away and report again from the folder of the runs',
      },
      { cause },
    )
  }
}

/**
 * All runs with configurations and evaluations, a JSON line each, compressed; the same runs give the same bytes. What is
 * recorded there of runs that the plan no longer has stays.
 */
export function writeRaw(runs: readonly FinishedRun[], out: string): void {
  const ids = new Set(runs.map(({ id }) => id))
  const others = readRaw(out).filter((run) => !ids.has(currentId(run) ?? run.id))
  const lines = [...runs, ...others].map((run) => `${JSON.stringify(run)}\n`)
  writeAtomically(join(out, RAW), gzipSync(lines.join(''), { level: 9 }))
}

/** Milliseconds an update took, in the mean; none where no timed update is known. */
export function millisecondsPerUpdate(runs: readonly FinishedRun[]): number | undefined {
  const total = (value: (timing: Timing) => number) => runs.reduce((sum, run) => sum + value(run.timing), 0)
  const updates = total((t) => t.updates)
  return updates === 0 ? undefined : (1000 * total((t) => t.updateSeconds)) / updates
}

/** What an update of a variant costs in network evaluations, whatever the environment. */
export function costOf({ config }: PlannedRun): UpdateCost {
  const all = agents as Readonly<Record<string, unknown>> as Readonly<Record<string, Agent>>
  return createAgent(all, config.agent, config.options, { observationSize: 1, actionSize: 1 }).cost
}
