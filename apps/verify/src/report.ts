import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { RevflowError } from '@revflow/core'

/** The outcome for one file of references. */
export interface Verdict {
  readonly file: string
  readonly ok: boolean | 'skipped'
  /** Greatest deviation found, in the unit of `tolerance`. */
  readonly error?: number
  readonly tolerance?: number
  /** Why it was skipped, or what is wrong with it. */
  readonly reason?: string
}

/** Files of a folder by name. @throws RevflowError (`unreadable-folder`) */
export function filesOf(folder: string | undefined): string[] {
  if (folder !== undefined && existsSync(folder)) return readdirSync(folder).sort()
  throw new RevflowError({
    code: 'unreadable-folder',
    path: 'folder',
    expected: 'a folder of references',
    received: folder === undefined ? 'nothing' : `'${folder}', which does not exist`,
  })
}

/** Reads JSON. @throws RevflowError (`unreadable-file`) */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new RevflowError(
      { code: 'unreadable-file', path, expected: 'a JSON document', received: (cause as Error).message },
      { cause },
    )
  }
}

/** Prints a verdict a line; the exit code: 0 unless one is out of tolerance. */
export function printVerdicts(verdicts: Iterable<Verdict>): number {
  let failed = 0
  for (const verdict of verdicts) {
    process.stdout.write(`${JSON.stringify(verdict)}\n`)
    if (verdict.ok === false) failed += 1
  }
  return failed > 0 ? 1 : 0
}
