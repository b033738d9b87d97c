import { mkdirSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lookUp, parseOptions, RevflowError } from '@revflow/core'
import { outliveReaders, writeAtomically } from '@revflow/trainer'
import { Command, CommanderError } from 'commander'
import { z } from 'zod'
import { improve } from './improvement.ts'
import { plan, readProfile, shard } from './plan.ts'
import { report } from './report.ts'
import { collect } from './results.ts'
import { runAll } from './run.ts'

const PROFILES = fileURLToPath(new URL('../profiles/', import.meta.url))
/** Folders given are relative to the repository: turbo starts each step in the folder of its package. */
const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url))

/** A profile's file: a path, or the name of one that comes with the benchmark. */
function profileFile(name: string): string {
  if (/\.ya?ml$/.test(name)) return resolve(REPOSITORY, name)
  const known = readdirSync(PROFILES).map((file) => [file.replace(/\.yaml$/, ''), PROFILES + file] as const)
  return lookUp('profile', name, Object.fromEntries(known))
}

const improveSchema = z.strictObject({ updates: z.coerce.number().pipe(z.int().min(1)) })
const workersSchema = z.strictObject({ workers: z.coerce.number().pipe(z.int().min(1)) })

interface Flags {
  readonly runsDir: string
  readonly out?: string
  readonly shard: string
  readonly workers?: string
}

const VERBS = {
  plan: 'list the runs, in <out>/plan.jsonl too',
  run: 'make all runs that are not done',
  report: 'report what is done',
} as const

const say = (line: string) => void process.stdout.write(`${line}\n`)

async function bench(verb: keyof typeof VERBS, name: string, flags: Flags): Promise<number> {
  const profile = readProfile(profileFile(name))
  const runs = plan(profile)
  const own = shard(runs, flags.shard)
  const runsDir = resolve(REPOSITORY, flags.runsDir)
  const out = resolve(REPOSITORY, flags.out ?? `benchmarks/results/${profile.name}`)
  if (verb === 'run') {
    const { workers } = parseOptions(workersSchema, { workers: flags.workers ?? profile.workers }, 'bench')
    const done = new Set(collect(own, runsDir, out).map(({ id }) => id))
    if (done.size > 0) say(`${done.size} of ${own.length} runs are done already, in ${runsDir} or ${out}`)
    const failed = await runAll(own, { runsDir, done, workers, say })
    return failed.length > 0 ? 1 : 0
  }
  if (verb === 'report') {
    say(`${report(profile, runs, runsDir, out)} of ${runs.length} runs reported in ${out}`)
    return 0
  }
  const line = ({ id, variant, config: { task, agent, seed, steps } }: (typeof runs)[number]) =>
    JSON.stringify({ id, variant, task, agent, seed, steps })
  mkdirSync(out, { recursive: true })
  writeAtomically(join(out, 'plan.jsonl'), runs.map((run) => `${line(run)}\n`).join(''))
  for (const run of own) say(line(run))
  return 0
}

/** Exit codes: 0 done, 1 a run failed, 2 the request was wrong. */
export async function main(args: readonly string[]): Promise<number> {
  outliveReaders()
  let code = 0
  const program = new Command('bench')
    .description('Compares agents and estimators on control tasks; the same command again goes on where it stopped')
    .exitOverride()
  for (const [verb, description] of Object.entries(VERBS))
    program
      .command(verb)
      .description(description)
      .argument('[profile]', 'a name in benchmarks/training/profiles, or a YAML file', 'smoke')
      .option('--runs-dir <folder>', 'where runs are kept', 'runs')
      .option(
        '--out <folder>',
        'where the report goes, and what it holds counts as done (default: benchmarks/results/<profile>)',
      )
      .option('--shard <i/n>', 'make part i of n, for several machines', '1/1')
      .option('--workers <n>', 'runs at a time')
      .action(async (profile: string, flags: Flags) => {
        code = await bench(verb as keyof typeof VERBS, profile, flags)
      })
  program
    .command('improve')
    .description("train the policies of a profile on a run's critics, held as they are")
    .argument('<profile>', 'a name in benchmarks/training/profiles, or a YAML file')
    .requiredOption('--critics <run>', 'folder of the run')
    .option('--updates <n>', 'of each policy', '3000')
    .option('--out <folder>', 'where results go', 'benchmarks/results/improvement')
    .action(async (name: string, flags: { critics: string; updates: string; out: string }) => {
      const { updates } = parseOptions(improveSchema, { updates: flags.updates }, 'bench')
      const [run, out] = [resolve(REPOSITORY, flags.critics), resolve(REPOSITORY, flags.out)]
      await improve({ profile: readProfile(profileFile(name)), run, updates, out, say })
    })
  try {
    await program.parseAsync(args as string[], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (!(error instanceof RevflowError)) throw error
    process.stderr.write(`bench: ${error.message}\n`)
    return 2
  }
}
