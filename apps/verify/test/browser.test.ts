import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { build, createServer, preview } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { picture, trajectory } from './browser/page.ts'
import { extractSample, launch, missing, viteConfig } from './launch-browser.ts'

if (missing) process.stderr.write(`skipped: envs and render in a browser (${missing})\n`)

const root = fileURLToPath(new URL('./browser', import.meta.url))
const sample = join(root, '.readme-sample.ts')
const temporary = mkdtempSync(join(tmpdir(), 'revflow-browser-'))
const config = viteConfig(root, temporary)

/** What `page.ts` offers in the browser. */
declare const revflow: { trajectory: typeof trajectory; picture: typeof picture }

describe.skipIf(missing)(`in a browser${missing ? ` (${missing})` : ''}`, () => {
  let browser: Browser
  beforeAll(async () => {
    extractSample('envs', 'In a browser', sample)
    browser = await launch()
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
