import { lookUp, RevflowError } from '@revflow/core'
import * as tf from '@tensorflow/tfjs'
import { Command, CommanderError } from 'commander'
import { type EnergyName, energies } from './energies/index.ts'
import { compared, methods } from './methods.ts'
import { loadReference } from './reference/reference.ts'
import { report } from './report.ts'
import { type Job, runAll } from './run.ts'

interface Flags {
  readonly energy: string[]
  readonly method?: string[]
  readonly kind: Job['kind'][]
  readonly seed: string[]
  readonly out: string
  readonly runsDir: string
}

/** Every job that flags ask for, all methods of one seed before the next: a partial benchmark compares like with like. */
function plan({ energy, method, kind, seed }: Flags): Job[] {
  for (const name of energy) lookUp('energy', name, energies)
  for (const name of method ?? []) lookUp('method', name, methods)
  for (const name of kind) lookUp('kind', name, compared)
  return energy.flatMap((e) =>
    kind.flatMap((k) =>
      seed.flatMap((s) =>
        (method ?? compared[k]).map((m): Job => ({ energy: e as EnergyName, kind: k, method: m, seed: parseSeed(s) })),
      ),
    ),
  )
}

function parseSeed(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw new RevflowError({ code: 'invalid-option', path: '--seed', expected: 'an integer', received: `'${text}'` })
}

/** Exit codes: 0 done, 2 the request was wrong. */
export async function main(args: readonly string[]): Promise<number> {
  const say = (line: string) => void process.stdout.write(`${line}\n`)
  const program = new Command('sampling')
    .description('Trains samplers on energies alone and compares them; the same command again goes on where it stopped')
    .exitOverride()
  const common = (command: Command) =>
    command
      .option('--energy <names...>', 'which energies', Object.keys(energies))
      .option('--out <folder>', 'where results go', 'benchmarks/results/sampling')
      .option('--runs-dir <folder>', 'where samples are kept', 'runs/sampling')
  common(program.command('reference'))
    .description('make the reference samples that are missing')
    .action(async ({ energy, runsDir }: Flags) => {
      for (const name of energy) {
        lookUp('energy', name, energies)
        say(JSON.stringify((await loadReference(name as EnergyName, runsDir)).summary))
      }
    })
  common(program.command('run'))
    .description('make the runs that are missing')
    .option('--method <names...>', `which methods (${Object.keys(methods).join(', ')})`)
    .option('--kind <kinds...>', 'trained, training-free', Object.keys(compared))
    .option('--seed <numbers...>', 'which seeds', ['0', '1', '2'])
    .action(async (flags: Flags) => {
      const { out, runsDir: folder } = flags
      await runAll(plan(flags), { file: `${out}/runs.jsonl`, folder, say })
    })
  common(program.command('report'))
    .description('write tables and pictures of what is done')
    .action(async ({ out, runsDir }: Flags) => say(`${await report(out, runsDir)} runs reported in ${out}`))
  try {
    await tf.setBackend('cpu')
    await program.parseAsync(args as string[], { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (!(error instanceof RevflowError)) throw error
    process.stderr.write(`sampling: ${error.message}\n`)
    return 2
  }
}
