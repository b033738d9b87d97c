import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'

const here = import.meta.dirname
const core = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-core'))

/** tfjs-core's own tests, by file. */
export const testFiles = (): string[] =>
  readdirSync(core, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('_test.js') && !file.endsWith('setup_test.js'))
    .sort()

/** Bundles the tests with the backend under test, from its sources, into one file for Node. */
export async function bundle(outfile: string): Promise<void> {
  const modules = [
    join(here, 'boot.ts'),
    join(here, 'setup.ts'),
    join(here, '../../src/backend.ts'),
    '@tensorflow/tfjs-backend-cpu',
    ...testFiles().map((file) => join(core, file)),
  ]
  await build({
    stdin: { contents: modules.map((path) => `import ${JSON.stringify(path)}`).join('\n'), resolveDir: here },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    treeShaking: false,
    ignoreAnnotations: true,
    conditions: ['revflow-source'],
    mainFields: ['module', 'main'],
    external: ['onnxruntime-node', 'onnxruntime-node/*', 'jasmine-core', 'node-fetch'],
    define: { 'import.meta.url': '__bundle_url' },
    banner: { js: "const __bundle_url = require('node:url').pathToFileURL(__filename).href;" },
    logLevel: 'error',
    supported: { 'top-level-await': false },
  })
}
