import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Circumstances, circumstances, readJsonLines } from '@revflow/benchmark-shared'
import { lookUp, RevflowError } from '@revflow/core'
import * as tf from '@tensorflow/tfjs'
import { Command, CommanderError } from 'commander'
import { report } from './report.ts'
import { criticPart, profiles, type Row, studyPart } from './study.ts'

interface Flags {
  readonly out?: string
  readonly part?: string
  readonly critic?: string
  readonly reportOnly?: boolean
}

/** Measures and reports; rows are kept as they come. */
export async function run(profile: string, { part: only, critic, reportOnly, ...flags }: Flags): Promise<void> {
  const fixed = lookUp('profile', profile, profiles)
  const all = critic === undefined ? fixed : [...fixed, criticPart(critic)]
  // only the whole study may take the place of the committed results
  const out = flags.out ?? (profile === 'full' ? 'benchmarks/results/estimators' : `runs/estimators-${profile}`)
  const byName = Object.fromEntries(all.map((part) => [part.name, part]))
  const parts = only === undefined ? all : [lookUp('part', only, byName)]
  await tf.setBackend('cpu')
  mkdirSync(out, { recursive: true })
  const made = readMade(join(out, 'made.json'))
  for (const part of reportOnly ? [] : parts) {
    const file = fileOf(out, part.name)
    rmSync(file, { force: true })
    for await (const row of studyPart(part)) appendFileSync(file, `${JSON.stringify(row)}\n`)
    made[part.name] = circumstances()
    writeFileSync(join(out, 'made.json'), `${JSON.stringify(made, null, 2)}\n`)
    process.stdout.write(`${part.name}: done\n`)
  }
  const rows = [...fixed.map(({ name }) => name), 'critic'].flatMap((name) => readJsonLines<Row>(fileOf(out, name)))
  report(rows, made, out)
}

/** Where, when and of what each part was measured. */
const readMade = (file: string): Record<string, Circumstances> =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Circumstances>) : {}

const fileOf = (out: string, part: string) => join(out, `${part.replaceAll(' ', '-')}.jsonl`)

/** Exit codes: 0 done, 2 the request was wrong. */
export async function main(args: readonly string[]): Promise<number> {
  const program = new Command('bench:estimators')
    .description('Squared error of every estimator against its cost')
    .exitOverride()
    .argument('[profile]', 'smoke or full', 'smoke')
    .option('--part <name>', 'only this part')
    .option('--critic <run>', 'also the critics of this run, as part `critic`')
    .option('--report-only', 'make the report again from the rows there are')
    .option('--out <folder>', 'where rows, tables and plots go (default of full: benchmarks/results/estimators)')
    .action(run)
  try {
    await program.parseAsync(args as string[], { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (!(error instanceof RevflowError)) throw error
    process.stderr.write(`bench:estimators: ${error.message}\n`)
    return 2
  }
}
