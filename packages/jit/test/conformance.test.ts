import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { supportedKernels } from '@revflow/jit'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Result } from './conformance/boot.ts'
import { bundle, testFiles } from './conformance/bundle.ts'
import { exceptions } from './conformance/exceptions.ts'

/** Inside the package, so that the bundle finds what it leaves external. */
const out = join(import.meta.dirname, '../node_modules/.cache/conformance')
/** What the TensorFlow.js cpu backend passes. */
const CPU_PASSES = 4227

let results: readonly Result[] = []
beforeAll(async () => {
  mkdirSync(out, { recursive: true })
  await bundle(join(out, 'suite.cjs'))
  await promisify(execFile)(process.execPath, [join(out, 'suite.cjs'), join(out, 'results.json')], {
    maxBuffer: 2 ** 26,
  })
  results = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as Result[]
}, 300_000)

/** The operation or type that a failed test wants and the compiler leaves out, if that is why it failed. */
function missing({ message = '' }: Result): string | undefined {
  const kernel = /Kernel '(\w+)' not registered/.exec(message)?.[1]
  const dtype = /expected one of float32, int32, bool, received (\w+)/.exec(message)?.[1]
  return kernel ?? (dtype && `type ${dtype}`)
}

describe("tfjs-core's own tests, run against the backend 'revflow'", () => {
  it('reads all of them', () => {
    expect(testFiles()).toHaveLength(265)
    expect(results.length).toBeGreaterThanOrEqual(CPU_PASSES)
  })

  it('passes every test of a covered kernel but the listed exceptions, and every exception is one', () => {
    const failed = results.filter((result) => result.status === 'failed' && missing(result) === undefined)
    expect(failed.map(({ name }) => name).sort()).toEqual(Object.keys(exceptions).sort())
  })

  it('fails the others for want of an operation that the registry really lacks', async () => {
    const wanting = new Map<string, string[]>()
    for (const result of results) {
      const what = result.status === 'failed' ? missing(result) : undefined
      if (what !== undefined) wanting.set(what, [...(wanting.get(what) ?? []), result.name])
    }
    const supported = Object.values(supportedKernels).flat()
    const rows = [...wanting].sort(([a], [b]) => a.localeCompare(b))
    expect(rows.map(([what]) => what).filter((what) => supported.includes(what))).toEqual([])
    const passed = results.filter(({ status }) => status === 'passed').length
    expect(passed).toBeGreaterThanOrEqual(2800)
    await expect(report(passed, rows)).toMatchFileSnapshot('../docs/conformance.md')
  })
})

const report = (passed: number, rows: readonly (readonly [what: string, tests: readonly string[]])[]): string =>
  [
    "# TensorFlow.js's own tests",
    '',
    `The backend \`revflow\` passes ${passed} of the ${CPU_PASSES} tests of tfjs-core 4.22.0 that its cpu backend passes.`,
    'This file is written by the tests of this package (`vitest run packages/jit -u`) and compared by every run: a test',
    'that joins or leaves it is a failure.',
    '',
    '## Tests of covered kernels that fail',
    '',
    ...Object.entries(exceptions).map(([name, reason]) => `- ${name}: ${reason}.`),
    '',
    '## Tests that fail for want of an operation or a type',
    '',
    ...rows.map(([what, tests]) => `- ${what}: ${tests.length}`),
    '',
    ...rows.flatMap(([what, tests]) => [`### ${what}`, '', ...tests.map((name) => `- ${name}`), '']),
  ].join('\n')
