import { readFileSync } from 'node:fs'
import { RevflowError } from '@revflow/core'

/** What a file of JSON lines holds; nothing where there is no file. @throws RevflowError (`damaged-results`) */
export function readJsonLines<T>(file: string): T[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
    return lines.map((line) => JSON.parse(line) as T)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new RevflowError(
      {
        code: 'damaged-results',
        path: file,
        expected: 'JSON lines',
        received: (cause as Error).message,
        hint: 'take it back from git, or move it away',
      },
      { cause },
    )
  }
}
