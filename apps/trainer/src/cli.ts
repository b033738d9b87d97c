import { agents } from '@revflow/agents'
import { nearest, RevflowError } from '@revflow/core'
import { Command, CommanderError } from 'commander'
import { agentsCommand } from './commands/agents.ts'
import { doctor } from './commands/doctor.ts'
import { envsCommand } from './commands/envs.ts'
import { estimatorsCommand } from './commands/estimators.ts'
import { evaluateCommand } from './commands/evaluate.ts'
import { exportCommand } from './commands/export.ts'
import { renderCommand } from './commands/render.ts'
import { resumeCommand, trainCommand } from './commands/train.ts'

/** Exit codes: 0 done, 1 failed while running, 2 the request was wrong, 130 stopped by Ctrl-C. */
export async function main(args: readonly string[]): Promise<number> {
  outliveReaders()
  let exitCode = 0
  const program = createProgram((code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(args as string[], { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (!(error instanceof RevflowError)) throw error
    process.stderr.write(`revflow: ${error.message}\n`)
    return error.code === 'diverged' ? 1 : 2
  }
}

/** Whoever reads what is written may leave, as `head` does: the rest is dropped, and no run ends of it. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr])
    if (!stream.listeners('error').includes(unlessClosed)) stream.on('error', unlessClosed)
}
function unlessClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

const integer = (name: string) => (text: string) => {
  const value = Number(text)
  if (text.trim() !== '' && Number.isInteger(value)) return value
  throw new RevflowError({ code: 'invalid-option', path: `--${name}`, expected: 'an integer', received: `'${text}'` })
}
const collect = (value: string, all: string[]) => [...all, value]

function createProgram(exit: (code: number) => void): Command {
  const program = new Command('revflow')
    .description('Trains flow policies towards Boltzmann distributions with reverse flow matching')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'revflow: ')) })
    .showSuggestionAfterError()

  program
    .command('train')
    .description('train an agent; the same command again resumes a partial run')
    .argument('[task]', 'environment, or path of a module with one (default: cartpole-swingup)')
    .option('--agent <name>', `one of ${Object.keys(agents).join(', ')} (default: rfm)`)
    .option('--steps <n>', 'environment steps', integer('steps'))
    .option('--seed <n>', 'seed', integer('seed'))
    .option('--config <file>', 'YAML file of options')
    .option('--runs-dir <folder>', 'where runs are kept', 'runs')
    .option('--set <key=value>', 'set one option, such as options.candidates=32; repeatable', collect, [])
    .action(async (task: string | undefined, options) => exit(await trainCommand(task, options)))

  program
    .command('resume')
    .description('go on with a run, or say that it is done')
    .argument('<run>', 'folder of a run')
    .action(async (run: string) => exit(await resumeCommand(run)))

  program
    .command('evaluate')
    .description('play episodes with the policy of a run')
    .argument('<run>', 'folder of a run')
    .option('--episodes <n>', 'episodes', integer('episodes'), 10)
    .option('--rule <name>', 'mode, sample or best', 'mode')
    .action(async (run: string, options) => exit(await evaluateCommand(run, options)))

  program
    .command('export')
    .description('write the policy of a run as an ONNX model, for Python, C++ and robots')
    .argument('<run>', 'folder of a run')
    .option('--out <file>', 'what to write', 'policy.onnx')
    .option('--rule <name>', 'mode, sample or best', 'sample')
    .option('--batch <n>', 'observations at once', integer('batch'), 1)
    .action(async (run: string, options) => exit(await exportCommand(run, options)))

  program
    .command('agents')
    .description('list the agents, published settings among them')
    .option('--json', 'with descriptions, metrics and the schema of their options')
    .option('--docs <folder>', 'write a page for each')
    .action((options) => exit(agentsCommand(options)))

  program
    .command('estimators')
    .description('list the posterior-mean estimators')
    .option('--json', 'all there is to say of them')
    .option('--docs <file>', 'write the page of the docs')
    .action((options) => exit(estimatorsCommand(options)))

  program
    .command('render')
    .description('draw a clip (.gif), a picture or a contact sheet (.png) of a task, with no display needed')
    .argument('[task]', "environment (default: the run's)")
    .option('--run <run>', 'act by the policy of this run: its folder, or its id')
    .option('--runs-dir <folder>', 'where runs are kept', 'runs')
    .option('--rule <name>', 'of the policy: mode, sample or best', 'mode')
    .option('--actions <name>', 'without a run: random or zero', 'random')
    .option('--seed <n>', 'seed', integer('seed'), 0)
    .option('--steps <n>', 'environment steps (default: 5 s; 0 for a lone picture)', integer('steps'))
    .option('--frames <n>', 'pictures of a .png, evenly spread', integer('frames'), 1)
    .option('--camera <name>', "camera of the model, or 'free' (default: its first)")
    .option('--size <WxH>', 'pixels', '320x240')
    .option('--out <file>', 'what to write (default: <task>.gif)')
    .option('--all', 'one picture of every task, in one .png (default: tasks.png)')
    .action(async (task: string | undefined, options) => exit(await renderCommand(task, options)))

  program
    .command('envs')
    .description('list the tasks with their sizes')
    .option('--json', 'as one JSON array')
    .option('--docs <folder>', 'write a page for each domain')
    .action(async (options) => exit(await envsCommand(options)))

  program
    .command('doctor')
    .description('show what this machine offers and which engine is used')
    .action(async () => exit(await doctor()))

  program.on('command:*', ([name]: string[]) => {
    const known = program.commands.map((command) => command.name())
    throw new RevflowError({
      code: 'unknown-name',
      path: 'command',
      expected: `one of ${known.join(', ')}`,
      received: `'${name}'`,
      hint: `did you mean '${nearest(name ?? '', known)}'?`,
    })
  })
  return program
}
