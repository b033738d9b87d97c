import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { build, createServer, preview } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { threeUpdates } from './browser/jit/page.ts'
import { extractSample, launch, missing, viteConfig } from './launch-browser.ts'

if (missing) process.stderr.write(`skipped: jit in a browser (${missing})\n`)

const root = fileURLToPath(new URL('./browser/jit', import.meta.url))
const sample = join(root, '.readme-sample.ts')
const temporary = mkdtempSync(join(tmpdir(), 'revflow-browser-jit-'))
const config = viteConfig(root, temporary)

/** What `page.ts` offers in the browser. */
declare const revflow: { threeUpdates: typeof threeUpdates }

/** Greatest difference relative to the larger of 1 and the value. */
function distance(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length)
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!) / Math.max(1, Math.abs(value))), 0)
}

describe.skipIf(missing)(`jit in a browser${missing ? ` (${missing})` : ''}`, () => {
  let browser: Browser
  beforeAll(async () => {
    extractSample('jit', 'In a browser', sample)
    browser = await launch()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    rmSync(sample, { force: true })
    rmSync(temporary, { recursive: true, force: true })
  })

  /** Opens the page and waits for the README's sample. */
  async function open(url: string): Promise<Page> {
    const page = await browser.newPage()
    const errors: string[] = []
    page.on('pageerror', ({ message }) => errors.push(message))
    await page.goto(url)
    await page.waitForSelector('text=loss').catch(() => expect(errors).toEqual(['no error']))
    return page
  }

  it('three RFM updates equal the eager ones', async () => {
    await build(config)
    const server = await preview(config)
    try {
      const page = await open(server.resolvedUrls!.local[0]!)
      const eager = await page.evaluate(() => revflow.threeUpdates('eager'))
      const compiled = await page.evaluate(() => revflow.threeUpdates('onnx'))
      expect(eager.length).toBeGreaterThan(5_000)
      expect(distance(eager, compiled)).toBeLessThan(1e-4)
    } finally {
      await server.close()
    }
  }, 120_000)

  it('Vite’s development server finds the WebAssembly file too', async () => {
    const server = await createServer(config)
    try {
      await server.listen()
      await open(server.resolvedUrls!.local[0]!)
    } finally {
      await server.close()
    }
  }, 120_000)
})
