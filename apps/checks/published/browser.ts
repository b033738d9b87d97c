import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { build, type InlineConfig, preview, type Rolldown } from 'vite'

/** Builds a page of one script by Vite, as a project that installed the packages does. Returns the modules it is made of. */
export async function buildPage(project: string, script: string): Promise<string[]> {
  writeFileSync(join(project, 'index.html'), '<body><script type="module" src="/main.ts"></script></body>')
  writeFileSync(join(project, 'main.ts'), script)
  const result = (await build(configOf(project))) as Rolldown.RolldownOutput
  return result.output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []))
}

const configOf = (root: string): InlineConfig => ({
  root,
  configFile: false,
  logLevel: 'error',
  build: { chunkSizeWarningLimit: 1e5 },
  preview: { host: '127.0.0.1', port: 0 },
})

/** Opens the page that was built. @throws Error with the page's own errors where `look` fails */
export async function openPage<T>(
  project: string,
  executablePath: string,
  look: (page: Page) => Promise<T>,
): Promise<T> {
  const server = await preview(configOf(project))
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] })
  const errors: string[] = []
  try {
    const page = await browser.newPage()
    page.on('pageerror', ({ message }) => errors.push(message))
    await page.goto(server.resolvedUrls!.local[0]!)
    return await look(page)
  } catch (error) {
    throw new Error(`in the browser: ${errors.join('; ') || 'no error of the page'}`, { cause: error })
  } finally {
    await browser.close()
    await server.close()
  }
}
