import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { RevflowError } from '@revflow/core'
import { completeConfig, type RunConfig, runId } from './config.ts'
import { taskFolder } from './env.ts'

/** The files of one run: `<runs>/<task>/<agent>/<id>/`. */
export interface RunFolder {
  readonly path: string
  readonly config: string
  readonly evaluations: string
  readonly metrics: string
  readonly events: string
  readonly checkpoints: string
  readonly summary: string
  /** How long it took: a line for each time it was started. */
  readonly timing: string
  readonly curve: string
  /** There while a process trains the run. */
  readonly lock: string
}

/** Where the run of a configuration is kept: `<runsDir>/<task>/<agent>/<id>`. */
export function runFolder(runsDir: string, config: RunConfig): RunFolder {
  return folderAt(join(resolve(runsDir), taskFolder(config.task), config.agent, runId(config)))
}

export function folderAt(path: string): RunFolder {
  return {
    path,
    config: join(path, 'config.json'),
    evaluations: join(path, 'eval.jsonl'),
    metrics: join(path, 'metrics.jsonl'),
    events: join(path, 'events.out.tfevents.revflow'),
    checkpoints: join(path, 'checkpoints'),
    summary: join(path, 'summary.json'),
    timing: join(path, 'timing.jsonl'),
    curve: join(path, 'curve'),
    lock: join(path, 'train.lock'),
  }
}

/** Creates the folder and writes its configuration. @throws RevflowError (`unwritable-folder`) */
export function prepareFolder(folder: RunFolder, config: RunConfig): void {
  try {
    mkdirSync(folder.checkpoints, { recursive: true })
    const probe = join(folder.path, '.probe')
    writeFileSync(probe, '')
    rmSync(probe)
    if (!existsSync(folder.config)) writeAtomically(folder.config, `${JSON.stringify(config, null, 2)}\n`)
  } catch (cause) {
    throw new RevflowError(
      {
        code: 'unwritable-folder',
        path: folder.path,
        expected: 'a folder that can be written',
        received: (cause as Error).message,
        hint: 'choose another with --runs-dir',
      },
      { cause },
    )
  }
}

/** Reads the configuration of a run. @throws RevflowError where `path` holds no run */
export function readRun(path: string): { folder: RunFolder; config: RunConfig } {
  const folder = folderAt(resolve(path))
  let raw: unknown
  try {
    raw = JSON.parse(readFileSync(folder.config, 'utf8'))
  } catch (cause) {
    throw new RevflowError(
      {
        code: 'not-a-run',
        path,
        expected: 'the folder of a run, with its config.json',
        received: (cause as Error).message,
        hint: 'runs are in runs/<task>/<agent>/<id>',
      },
      { cause },
    )
  }
  try {
    return { folder, config: completeConfig(raw) }
  } catch (cause) {
    if (!(cause instanceof RevflowError)) throw cause
    const received = cause.message
    throw new RevflowError(
      { code: 'not-a-run', path: folder.config, expected: 'the configuration of a run', received },
      { cause },
    )
  }
}

/** Folder of a run that is given by it, or by its id among the runs of `runsDir`. */
export function locateRun(run: string, runsDir: string): string {
  if (existsSync(run)) return run
  const below = (path: string) =>
    existsSync(path) && statSync(path).isDirectory() ? readdirSync(path).map((name) => join(path, name)) : []
  const agents = below(runsDir).flatMap(below)
  return agents.map((agent) => join(agent, run)).find((path) => existsSync(path)) ?? run
}

/** Makes the folder a file is to be in; returns what writes the file. Both @throws RevflowError (`unwritable-file`) */
export function fileWriter(file: string): (content: Uint8Array | string) => void {
  const attempt = (action: () => void) => {
    try {
      action()
    } catch (cause) {
      const received = (cause as Error).message
      throw new RevflowError(
        { code: 'unwritable-file', path: file, expected: 'a file that can be written', received },
        { cause },
      )
    }
  }
  attempt(() => {
    mkdirSync(dirname(resolve(file)), { recursive: true })
    accessSync(dirname(resolve(file)), constants.W_OK)
  })
  return (content) => attempt(() => writeFileSync(file, content))
}

/** Writes a small file so that a reader sees the old content or the new, never a part. */
export function writeAtomically(file: string, content: string | Uint8Array): void {
  const temporary = `${file}.${process.pid}.tmp`
  writeFileSync(temporary, content)
  renameSync(temporary, file)
}
