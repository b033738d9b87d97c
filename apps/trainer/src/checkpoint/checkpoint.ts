import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { RevflowError } from '@revflow/core'
import { type CheckpointData, decodeSafetensors, encodeSafetensors } from './safetensors.ts'

export type { CheckpointData, CheckpointTensor } from './safetensors.ts'

const NAME = /^step-(\d+)\.safetensors$/

/** Steps of the checkpoints in a folder, newest first. */
export function listCheckpoints(folder: string): { step: number; path: string }[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .flatMap((name) => {
      const step = NAME.exec(name)?.[1]
      return step === undefined ? [] : [{ step: Number(step), path: join(folder, name) }]
    })
    .sort((a, b) => b.step - a.step)
}

/**
 * Writes a checkpoint so that a kill at any moment leaves the old files or the new one, never a part under its name:
 * temporary file, fsync, rename, fsync of the folder. Then removes those older than `previous`, the step of the sound one
 * before, which is kept in case this one is damaged.
 * @throws RevflowError (`unwritable-file`)
 */
export function writeCheckpoint(folder: string, step: number, data: CheckpointData, previous: number): void {
  const path = join(folder, `step-${step}.safetensors`)
  const temporary = `${path}.tmp`
  try {
    const file = openSync(temporary, 'w')
    try {
      const bytes = encodeSafetensors(data)
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
    syncFolder(folder)
  } catch (cause) {
    throw new RevflowError(
      { code: 'unwritable-file', path, expected: 'room and permission to write', received: (cause as Error).message },
      { cause },
    )
  }
  for (const old of listCheckpoints(folder)) if (old.step < previous) rmSync(old.path)
}

/** Makes the rename itself durable; a folder cannot be opened for that on every system. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Reads one checkpoint. @throws RevflowError (`damaged-checkpoint`, `unreadable-file`) */
export function readCheckpoint(path: string): CheckpointData {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (cause) {
    throw new RevflowError(
      { code: 'unreadable-file', path, expected: 'a checkpoint', received: (cause as Error).message },
      { cause },
    )
  }
  return decodeSafetensors(bytes, path)
}

export interface LatestCheckpoint {
  /** None: the folder holds no checkpoint. */
  readonly found: { readonly step: number; readonly path: string; readonly data: CheckpointData } | undefined
  /** Newer ones that are damaged, as they were left. */
  readonly damaged: readonly RevflowError[]
}

/**
 * The newest checkpoint that is whole. Damaged files are reported and left alone.
 * @throws RevflowError (`damaged-checkpoint`) where there are checkpoints but none is whole
 */
export function readLatestCheckpoint(folder: string): LatestCheckpoint {
  const damaged: RevflowError[] = []
  for (const { step, path } of listCheckpoints(folder)) {
    try {
      return { found: { step, path, data: readCheckpoint(path) }, damaged }
    } catch (error) {
      if (!(error instanceof RevflowError)) throw error
      damaged.push(error)
    }
  }
  if (damaged.length > 0) throw damaged[0]!
  return { found: undefined, damaged }
}
