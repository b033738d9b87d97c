import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findBrowser } from '@revflow/verify'
import { type Browser, chromium } from 'playwright-core'
import type { InlineConfig } from 'vite'

const executablePath = findBrowser()
/** Why there is no browser to test in, if there is none. */
export const missing = executablePath
  ? undefined
  : 'no Chromium on the path: install one, or name it by the environment variable CHROMIUM'

/** Builds and serves the page in `root`, with files of its own in `temporary`; the sources stand in for packages. */
export const viteConfig = (root: string, temporary: string): InlineConfig => ({
  root,
  configFile: false,
  logLevel: 'error',
  cacheDir: join(temporary, 'cache'),
  build: { outDir: join(temporary, 'dist') },
  resolve: { conditions: ['revflow-source'] },
  server: { host: '127.0.0.1', port: 0 },
  preview: { host: '127.0.0.1', port: 0 },
})

/** Puts the sample under a heading of a package's README into a file. */
export function extractSample(packageName: string, heading: string, file: string): void {
  const readme = readFileSync(new URL(`../../../packages/${packageName}/README.md`, import.meta.url), 'utf8')
  const [, sample] = readme.split(`## ${heading}\n`)[1]!.split(/```ts\n|```/)
  writeFileSync(file, sample!)
}

/** Starts a browser without a screen. */
export const launch = (flags: readonly string[] = ['disable-gpu']): Promise<Browser> =>
  chromium.launch({
    executablePath: executablePath!,
    args: [...flags, 'no-sandbox', 'disable-quic', 'no-first-run', 'disable-background-networking'].map(
      (flag) => `--${flag}`,
    ),
  })
