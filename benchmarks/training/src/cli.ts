import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { lookUp, RevflowError } from '@revflow/core'
import { Command, CommanderError } from 'commander'
import { plan, readProfile, shard } from './plan.ts'
import { report } from './report.ts'
import { runAll } from './run.ts'

const PROFILES = fileURLToPath(new URL('../profiles/', import.meta.url))

/** A profile's file: a path, or the name of one that comes with the benchmark. */
function profileFile(name: string): string {
  if (existsSync(name)) return name
  const known = readdirSync(PROFILES).map((file) => [file.replace(/\.yaml$/, ''), PROFILES + file] as const)
  return lookUp('profile', name, Object.fromEntries(known))
}

interface Flags {
  readonly runsDir: string
  readonly out?: string
  readonly shard: string
  readonly workers?: string
}

async function bench(verb: 'plan' | 'run' | 'report', name: string, flags: Flags): Promise<number> {
  const say = (line: string) => void process.stdout.write(`${line}\n`)
  const profile = readProfile(profileFile(name))
  const runs = plan(profile)
  const own = shard(runs, flags.shard)
  if (verb === 'plan') {
    for (const { id, variant, config } of own)
      say(JSON.stringify({ id, variant, task: config.task, seed: config.seed, steps: config.steps }))
    return 0
  }
  const workers = flags.workers === undefined ? profile.workers : Number(flags.workers)
  const failed = verb === 'run' ? await runAll(own, { runsDir: flags.runsDir, workers, say }) : []
  const out = flags.out ?? `benchmarks/results/${profile.name}`
  say(`${report(profile, runs, flags.runsDir, out)} of ${runs.length} runs reported in ${out}`)
  return failed.length > 0 ? 1 : 0
}

/** Exit codes: 0 done, 1 a run failed, 2 the request was wrong. */
export async function main(args: readonly string[]): Promise<number> {
  let code = 0
  const program = new Command('bench')
    .description('Compares agents and estimators on control tasks; the same command again goes on where it stopped')
    .exitOverride()
  const verbs = { run: 'make all runs, then report', plan: 'list the runs', report: 'report what is done' } as const
  for (const [verb, description] of Object.entries(verbs))
    program
      .command(verb)
      .description(description)
      .argument('[profile]', 'a name in benchmarks/training/profiles, or a YAML file', 'smoke')
      .option('--runs-dir <folder>', 'where runs are kept', 'runs')
      .option('--out <folder>', 'where the report goes (default: benchmarks/results/<profile>)')
      .option('--shard <i/n>', 'make part i of n, for several machines', '1/1')
      .option('--workers <n>', 'runs at a time')
      .action(async (profile: string, flags: Flags) => {
        code = await bench(verb as keyof typeof verbs, profile, flags)
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
