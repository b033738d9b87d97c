import { relative } from 'node:path'
import { type RunConfig, resolveConfig } from '../run/config.ts'
import { type RunFolder, readRun, runFolder } from '../run/folder.ts'
import { train } from '../run/train.ts'

export interface TrainFlags {
  readonly agent?: string
  readonly steps?: number
  readonly seed?: number
  readonly config?: string
  readonly runsDir: string
  readonly set: readonly string[]
}

/** `revflow train`. Returns the exit code. */
export async function trainCommand(task: string | undefined, flags: TrainFlags): Promise<number> {
  const { agent, steps, seed } = flags
  const config = resolveConfig({ configFile: flags.config, flags: { task, agent, steps, seed }, set: flags.set })
  return run(config, runFolder(flags.runsDir, config))
}

/** `revflow resume <run>`. */
export async function resumeCommand(path: string): Promise<number> {
  const { folder, config } = readRun(path)
  return run(config, folder)
}

async function run(config: RunConfig, folder: RunFolder): Promise<number> {
  const say = (line: string) => void process.stderr.write(`${line}\n`)
  const place = relative(process.cwd(), folder.path) || '.'
  say(`${config.agent} on ${config.task}, seed ${config.seed}, ${config.steps} steps; run folder ${place}`)
  const stop = new AbortController()
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(130) // asked twice: the last checkpoint stays
    say('\nstopping: saving a checkpoint (Ctrl-C again to stop at once)')
    stop.abort()
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  try {
    const { status, step, finalReturn } = await train({ config, folder, signal: stop.signal, say })
    if (status === 'stopped') {
      say(`stopped at step ${step}. To go on, run the same command again or: revflow resume ${place}`)
      return 130
    }
    const result = finalReturn === undefined ? '' : `, return ${finalReturn.toFixed(1)}`
    if (status === 'already-done')
      say(`already done: ${step} steps${result}; change the seed or the options for another run`)
    else say(`done: ${step} steps${result}\nlearning curve: ${place}/curve.svg`)
    return 0
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}
