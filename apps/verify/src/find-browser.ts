import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A Chromium to test in: $CHROMIUM, whatever it is; else the first that is on the path. */
export function findBrowser(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
  const folders = (process.env.PATH ?? '').split(delimiter)
  const onPath = names.flatMap((name) => folders.map((folder) => join(folder, name))).find((file) => existsSync(file))
  return process.env.CHROMIUM || onPath
}
