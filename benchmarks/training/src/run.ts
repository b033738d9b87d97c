import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { circumstances } from '@revflow/benchmark-shared'
import type { PlannedRun } from './plan.ts'

export interface RunOptions {
  readonly runsDir: string
  /** Ids of runs not to be made again. */
  readonly done: ReadonlySet<string>
  readonly workers: number
  readonly say: (line: string) => void
}

const REVFLOW = join(createRequire(import.meta.url).resolve('@revflow/trainer/package.json'), '../bin/revflow.js')

/**
 * Makes the runs of a plan, each by `revflow train` in a process of its own, `workers` at a time. Runs that are done
 * are passed over and partial ones go on, so a plan may be stopped and started again.
 * @returns the runs that failed
 */
export async function runAll(runs: readonly PlannedRun[], options: RunOptions): Promise<PlannedRun[]> {
  const queue = [...runs.entries()].filter(([, { id }]) => !options.done.has(id))
  const failed: PlannedRun[] = []
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [i, run] = next
      const { task, seed } = run.config
      const start = performance.now()
      const code = await trainOnce(run, options.runsDir)
      const seconds = Math.round((performance.now() - start) / 1000)
      const outcome = code === 0 ? 'done' : `FAILED with exit code ${code}, see ${logOf(run, options.runsDir)}`
      options.say(`[${i + 1}/${runs.length}] ${run.variant} ${task} seed ${seed}: ${outcome}, ${seconds} s`)
      if (code !== 0) failed.push(run)
    }
  }
  await Promise.all(Array.from({ length: options.workers }, worker))
  return failed
}

/** The file that says where, when and of which commit a run was made, or last gone on with. */
export const madeOf = ({ id }: PlannedRun, runsDir: string) => join(runsDir, 'logs', `${id}.made.json`)
const logOf = ({ id }: PlannedRun, runsDir: string) => join(runsDir, 'logs', `${id}.log`)

function trainOnce(run: PlannedRun, runsDir: string): Promise<number> {
  mkdirSync(join(runsDir, 'logs'), { recursive: true })
  writeFileSync(madeOf(run, runsDir), JSON.stringify(circumstances()))
  // JSON is YAML
  const file = join(runsDir, 'logs', `${run.id}.json`)
  writeFileSync(file, JSON.stringify(run.config))
  const log = openSync(logOf(run, runsDir), 'a')
  const child = spawn(process.execPath, [REVFLOW, 'train', '--config', file, '--runs-dir', runsDir], {
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => resolve(code ?? 1))
  })
}
