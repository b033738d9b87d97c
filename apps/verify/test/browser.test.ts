import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { build, createServer, type InlineConfig, preview } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { picture, trajectory } from './browser/page.ts'

/** $CHROMIUM, whatever it is; else the first that is on the path. */
function findBrowser(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
  const folders = (process.env.PATH ?? '').split(delimiter)
  const onPath = names.flatMap((name) => folders.map((folder) => join(folder, name))).find((file) => existsSync(file))
  return process.env.CHROMIUM || onPath
}

const executablePath = findBrowser()
const reason = 'no Chromium on the path: install one, or name it by the environment variable CHROMIUM'
if (!executablePath) process.stderr.write(`skipped: envs and render in a browser (${reason})\n`)

const root = fileURLToPath(new URL('./browser', import.meta.url))
const sample = join(root, '.readme-sample.ts')
const temporary = mkdtempSync(join(tmpdir(), 'revflow-browser-'))
/** What a project that installed the packages needs none of: the sources stand in for them. */
const config: InlineConfig = {
  root,
  configFile: false,
  logLevel: 'error',
  cacheDir: join(temporary, 'cache'),
  build: { outDir: join(temporary, 'dist') },
  resolve: { conditions: ['revflow-source'] },
  server: { host: '127.0.0.1', port: 0 },
  preview: { host: '127.0.0.1', port: 0 },
}

/** What `page.ts` offers in the browser. */
declare const revflow: { trajectory: typeof trajectory; picture: typeof picture }

describe.skipIf(!executablePath)(`in a browser${executablePath ? '' : ` (${reason})`}`, () => {
  let browser: Browser
  beforeAll(async () => {
    const readme = readFileSync(new URL('../../../packages/envs/README.md', import.meta.url), 'utf8')
    writeFileSync(sample, /## In a browser[\s\S]*?```ts\n([\s\S]*?)```/.exec(readme)![1]!)
    browser = await chromium.launch({
      executablePath: executablePath!,
      args: ['no-sandbox', 'disable-gpu', 'disable-quic', 'no-first-run', 'disable-background-networking'].map(
        (flag) => `--${flag}`,
      ),
    })
  })
  afterAll(async () => {
    await browser?.close()
    rmSync(sample, { force: true })
    rmSync(temporary, { recursive: true, force: true })
  })

  /** Opens the page and waits for the README's sample. */
  async function open(url: string) {
    const page = await browser.newPage()
    const errors: string[] = []
    page.on('pageerror', ({ message }) => errors.push(message))
    await page.goto(url)
    await page.waitForSelector('text=after 1 s').catch(() => expect(errors).toEqual(['no error']))
    expect(await page.textContent('body')).toMatch(/^\s*-?\d\.\d{3} m after 1 s\s*$/)
    return page
  }

  it('1,000 steps of cheetah-run are those of Node to the bit, and a picture is the same', async () => {
    await build(config)
    const server = await preview(config)
    try {
      const page = await open(server.resolvedUrls!.local[0]!)
      const [here, there] = [await trajectory(), await page.evaluate(() => revflow.trajectory())]
      expect(here.length).toBe(1001)
      expect(there).toEqual(here)
      const [drawnHere, drawnThere] = [await picture(), await page.evaluate(() => revflow.picture())]
      // Powers are rounded as each engine likes.
      const worst = drawnHere.reduce((most, value, i) => Math.max(most, Math.abs(value - drawnThere[i]!)), 0)
      expect(drawnThere.length).toBe(drawnHere.length)
      expect(worst).toBeLessThanOrEqual(1)
    } finally {
      await server.close()
    }
  })

  it('Vite’s development server finds the WebAssembly file too', async () => {
    const server = await createServer(config)
    try {
      await server.listen()
      await open(server.resolvedUrls!.local[0]!)
    } finally {
      await server.close()
    }
  })
})
