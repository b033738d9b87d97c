import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parseOptions, RevflowError } from '@revflow/core'
import { findTask, listTasks, loadMujoco, type MujocoEnv, makeEnv } from '@revflow/envs'
import {
  type Comparison,
  compareModel,
  compareProbes,
  compareResets,
  compareSpecification,
  compareTolerance,
  compareTrajectory,
  schemas,
} from '@revflow/envs/testing'
import type { z } from 'zod'

/** What is printed of one file, as a line of JSON. */
interface Line {
  readonly file: string
  /** Whether everything compared is within tolerance; skipped where there is nothing here to compare it with. */
  readonly ok: boolean | 'skipped'
  /** Worst deviation, and the tolerance it was held to. */
  readonly error?: number
  readonly tolerance?: number
  /** Why it was skipped or could not be read. */
  readonly reason?: string
}

/** A file that is missing, unreadable or of another form. */
class UnreadableFile extends Error {}

async function readReference<S extends z.ZodType>(folder: string, file: string, schema: S): Promise<z.output<S>> {
  try {
    const bytes = await readFile(join(folder, file))
    const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
    return parseOptions(schema, JSON.parse(text), file)
  } catch (error) {
    throw new UnreadableFile(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    throw new UnreadableFile(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

/** What a file's content comes to. */
type Check<S extends z.ZodType> = (content: z.output<S>) => Promise<Omit<Line, 'file'>> | Omit<Line, 'file'>

const implemented = new Set(listTasks().map(({ name }) => name))

/** Everything the checks share: one environment a task, made when first needed. */
class Session {
  readonly folder: string
  readonly #print: (line: string) => void
  readonly #envs = new Map<string, MujocoEnv>()
  /** 0: all within tolerance; 1: something is not; 2: something could not be read. */
  exitCode = 0

  constructor(folder: string, print: (line: string) => void) {
    this.folder = folder
    this.#print = print
  }

  async env(task: string): Promise<MujocoEnv> {
    const env = this.#envs.get(task) ?? (await makeEnv(task))
    this.#envs.set(task, env)
    return env
  }

  close(): void {
    for (const env of this.#envs.values()) env.close()
  }

  report(line: Line): void {
    if (line.ok === false) this.exitCode = Math.max(this.exitCode, line.reason === undefined ? 1 : 2)
    // JSON has no infinity; a deviation without measure is one of kind, told by `worst`.
    this.#print(JSON.stringify(line, (_, value) => (value === Infinity ? 'inf' : value)))
  }

  /** Reads a file, checks it, prints the outcome; an unreadable file is an outcome too. */
  async check<S extends z.ZodType>(file: string, schema: S, compare: Check<S>): Promise<z.output<S> | undefined> {
    try {
      const content = await readReference(this.folder, file, schema)
      this.report({ file, ...(await compare(content)) })
      return content
    } catch (error) {
      if (!(error instanceof UnreadableFile || error instanceof RevflowError)) throw error
      this.report({ file, ok: false, reason: error.message })
      return undefined
    }
  }
}

/** The outcome furthest from its tolerance stands for all. */
function worstOf(outcomes: readonly (Omit<Comparison, 'compared'> & { task: string; compared: number })[]) {
  const ratio = (outcome: (typeof outcomes)[number]) => (outcome.error === 0 ? 0 : outcome.error / outcome.tolerance)
  const worst = [...outcomes].sort((a, b) => ratio(b) - ratio(a))[0]
  if (!worst) return { ok: 'skipped', reason: 'none of its tasks is implemented' } as const
  return {
    ...worst,
    ok: outcomes.every(({ ok }) => ok),
    compared: outcomes.reduce((sum, { compared }) => sum + compared, 0),
    tasks: outcomes.length,
  }
}

function notImplemented(task: string) {
  return { ok: 'skipped', reason: `task ${task} is not implemented` } as const
}

type Metadata = z.output<typeof schemas.metadata>

/** Files of JSON, gzipped or not, in a folder of the session's. */
async function recordingsIn(session: Session, folder: string): Promise<string[]> {
  return (await filesIn(join(session.folder, folder))).filter((name) => /\.json(\.gz)?$/.test(name))
}

/** Tasks of a model: as recorded, or else those of the domain it is named after. */
function tasksOf(model: string, metadata: Metadata | undefined): string[] {
  if (!metadata) return [...implemented].filter((task) => model === `${task.split('-')[0]}.json`)
  return Object.keys(metadata.tasks).filter((task) => metadata.tasks[task]!.model === model)
}

async function checkModels(session: Session, metadata: Metadata | undefined): Promise<void> {
  const mujoco = await loadMujoco()
  for (const name of await recordingsIn(session, 'models')) {
    const file = `models/${name}`
    const users = tasksOf(name.replace(/\.gz$/, ''), metadata)
    const task = users.find((user) => implemented.has(user))
    if (task === undefined)
      session.report({
        file,
        ok: 'skipped',
        reason: `no task of this model is implemented (${users.join(', ') || 'none known'})`,
      })
    else await session.check(file, schemas.modelFacts, (facts) => compareModel(mujoco, findTask(task).xml, facts))
  }
}

type Recording = 'trajectories' | 'probes'

/** Checks the files of a folder of recordings named `<task>.….json` or `.json.gz`. */
async function checkRecordings<S extends z.ZodType<{ task: string }>>(
  session: Session,
  folder: Recording,
  schema: S,
  compare: (env: MujocoEnv, content: z.output<S>) => Comparison,
): Promise<void> {
  for (const name of await recordingsIn(session, folder)) {
    const file = `${folder}/${name}`
    const task = name.split('.')[0]!
    if (!implemented.has(task)) session.report({ file, ...notImplemented(task) })
    else
      await session.check(file, schema, async (content) => {
        const recorded = (content as { task: string }).task
        if (recorded !== task) return { ok: false, reason: `recorded from ${recorded}, named after ${task}` }
        return compare(await session.env(task), content)
      })
  }
}

async function checkSpecifications(session: Session, { tasks }: Metadata) {
  const outcomes = []
  for (const [task, recorded] of Object.entries(tasks))
    if (implemented.has(task)) outcomes.push({ task, ...compareSpecification(await session.env(task), recorded) })
  return worstOf(outcomes)
}

async function checkResets(session: Session, { tasks }: z.output<typeof schemas.initialStateStats>) {
  const outcomes = []
  for (const [task, recorded] of Object.entries(tasks))
    if (implemented.has(task)) outcomes.push({ task, ...compareResets(await session.env(task), recorded) })
  return worstOf(outcomes)
}

/** Each may also be gzipped. */
const parts = [
  'metadata.json',
  'reproducibility.json',
  'models',
  'trajectories',
  'probes',
  'initial_state_stats.json',
  'tolerance_function.json',
]

async function checkAll(session: Session): Promise<void> {
  const present = new Set(await filesIn(session.folder))
  const fileOf = (part: string) => [part, `${part}.gz`].find((name) => present.has(name))
  if (!parts.some(fileOf)) throw new UnreadableFile(`expected a folder with some of ${parts.join(', ')}`)
  for (const part of parts)
    if (!fileOf(part)) session.report({ file: part, ok: 'skipped', reason: 'not in this folder' })
  const checkIf = async <S extends z.ZodType>(part: string, schema: S, compare: Check<S>) => {
    const file = fileOf(part)
    return file === undefined ? undefined : session.check(file, schema, compare)
  }

  const metadata = await checkIf('metadata.json', schemas.metadata, (content) => checkSpecifications(session, content))
  const known = await checkIf('reproducibility.json', schemas.reproducibility, () => ({ ok: true }))
  if (present.has('models')) await checkModels(session, metadata)
  if (present.has('trajectories'))
    await checkRecordings(session, 'trajectories', schemas.trajectory, (env, recording) =>
      compareTrajectory(env, recording, known?.tasks[env.task]),
    )
  if (present.has('probes')) await checkRecordings(session, 'probes', schemas.probes, compareProbes)
  await checkIf('initial_state_stats.json', schemas.initialStateStats, (content) => checkResets(session, content))
  await checkIf('tolerance_function.json', schemas.toleranceTable, compareTolerance)
}

/**
 * Replays every file of a folder of recordings of the DeepMind Control Suite and prints one line of JSON a file.
 * @param print receives each line
 * @returns exit code: 0, 1 where something is out of tolerance, 2 where the folder or a file cannot be read
 */
export async function verifyEnvs(folder: string, print: (line: string) => void): Promise<number> {
  const session = new Session(folder, print)
  try {
    await checkAll(session)
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error
    session.report({ file: folder, ok: false, reason: error.message })
  } finally {
    session.close()
  }
  return session.exitCode
}
