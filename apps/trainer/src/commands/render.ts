import { extname } from 'node:path'
import { createRng, lookUp, parseOptions, RevflowError } from '@revflow/core'
import { listTasks, type MujocoEnv } from '@revflow/envs'
import { type Captioned, cameraNames, contactSheet, encodeGif, encodePng, render } from '@revflow/render'
import { z } from 'zod'
import { makeRunEnv, resolveTask, taskFolder } from '../run/env.ts'
import { fileWriter, locateRun, readRun } from '../run/folder.ts'
import { openPolicy } from '../run/policy.ts'
import { type Actor, policyActor, randomActor, roll } from '../run/roll.ts'

const flagsSchema = z.strictObject({
  run: z.string().optional(),
  runsDir: z.string(),
  rule: z.enum(['mode', 'sample', 'best']),
  actions: z.enum(['random', 'zero']),
  seed: z.int().min(0),
  steps: z.int().min(0).optional(),
  frames: z.int().min(1),
  camera: z.string().optional(),
  size: z.string().regex(/^\d+x\d+$/, 'width x height, such as 320x240'),
  out: z.string().optional(),
  all: z.boolean().default(false),
})
export type RenderFlags = z.input<typeof flagsSchema>
type Settings = z.output<typeof flagsSchema>

/** An environment with a picture. @throws RevflowError where it has no model to draw, as one of one's own may not */
async function openEnv(task: string, seed: number, actionRepeat: number): Promise<MujocoEnv> {
  const env = await makeRunEnv({ task, actionRepeat }, seed)
  if ('physics' in env) return env as MujocoEnv
  env.close()
  return refuse('task', 'one with a MuJoCo model to draw, as defineTask makes', `'${task}'`)
}

/** A task with someone to act in it. */
interface Stage {
  readonly env: Awaited<ReturnType<typeof openEnv>>
  readonly actor: Actor
  close(): Promise<void>
}

/** `revflow render`: a clip (.gif), a picture or contact sheet (.png) of a task, or one picture of every task. */
export async function renderCommand(task: string | undefined, flags: RenderFlags): Promise<number> {
  const settings = parseOptions(flagsSchema, flags, 'render')
  if (settings.all) {
    if (task ?? settings.run) refuse('--all', 'no task and no run beside it', `'${task ?? settings.run}'`)
    return drawGallery(settings)
  }
  return drawTask(taskOf(task, settings), settings)
}

/** The task to draw: the given one, or the run's. */
function taskOf(task: string | undefined, { run, runsDir }: Settings): string {
  if (!run) return task ? resolveTask(task) : refuse('task', 'a task, --run <run> or --all', 'none')
  const trained = readRun(locateRun(run, runsDir)).config.task
  if (task && resolveTask(task) !== trained) refuse('task', `'${trained}', which the run was trained on`, `'${task}'`)
  return trained
}

async function drawTask(task: string, settings: Settings): Promise<number> {
  const { out = `${taskFolder(task)}.gif`, frames } = settings
  const isClip = endingOf(out, ['.gif', '.png']) === '.gif'
  const write = fileWriter(out)
  const stage = settings.run ? await openRun(settings.run, settings) : await openTask(task, settings)
  try {
    const { env } = stage
    const decisionSeconds = env.controlTimestep * env.actionRepeat
    // A lone picture shows the start, all else 5 s.
    const steps = settings.steps ?? (isClip || frames > 1 ? Math.round(5 / env.controlTimestep) : 0)
    const decisions = Math.ceil(Math.min(steps, env.episodeSteps) / env.actionRepeat)
    // 25 frames a second are plenty, and no viewer shows more than 50.
    const stride = Math.max(1, Math.round(0.04 / decisionSeconds))
    const shots = await shoot(stage, settings, decisions, isClip ? every(stride, decisions) : spread(frames, decisions))
    const pictures = shots.map(({ picture }) => picture)
    if (isClip) write(await encodeGif(pictures, stride * decisionSeconds))
    else write(encodePng(pictures.length === 1 ? pictures[0]! : contactSheet(shots)))
    const cameras = [...cameraNames(env.physics), 'free'].join(', ')
    say(`${out}: ${shots.length} of ${task}, last at ${shots.at(-1)!.caption} (cameras: ${cameras})`)
    return 0
  } finally {
    await stage.close()
  }
}

async function drawGallery(settings: Settings): Promise<number> {
  const { out = 'tasks.png', steps = 0 } = settings
  endingOf(out, ['.png'])
  const write = fileWriter(out)
  const entries: Captioned[] = []
  for (const { name } of listTasks()) {
    const stage = await openTask(name, settings)
    const decisions = Math.min(steps, stage.env.episodeSteps)
    const [shot] = await shoot(stage, settings, decisions, spread(1, decisions))
    entries.push({ picture: shot!.picture, caption: name })
    await stage.close()
  }
  write(encodePng(contactSheet(entries)))
  say(`${out}: ${entries.length} tasks`)
  return 0
}

function endingOf<E extends string>(out: string, known: readonly E[]): E {
  return lookUp(`ending of ${out}`, extname(out).toLowerCase(), Object.fromEntries(known.map((e) => [e, e]))) as E
}

/** Decisions 0, stride, 2 stride, … */
const every = (stride: number, decisions: number) =>
  new Set(Array.from({ length: Math.floor(decisions / stride) + 1 }, (_, i) => i * stride))

/** `count` decisions from the first to the last; the last where it is one. */
const spread = (count: number, decisions: number) =>
  new Set(
    count === 1 ? [decisions] : Array.from({ length: count }, (_, i) => Math.round((i * decisions) / (count - 1))),
  )

/** Plays an episode, and draws it after the wanted decisions and where it ends early. */
async function shoot(
  { env, actor }: Stage,
  { camera, size }: Settings,
  decisions: number,
  wanted: ReadonlySet<number>,
): Promise<Captioned[]> {
  const [width, height] = size.split('x').map(Number) as [number, number]
  const shots: Captioned[] = []
  await roll(env, actor, decisions, ({ decision, total, ended }) => {
    if (!wanted.has(decision) && !(ended && decision < decisions)) return
    const picture = render(env.physics, { width, height, ...(camera !== undefined && { camera }) })
    const steps = Math.min(decision * env.actionRepeat, env.episodeSteps)
    const time = (steps * env.controlTimestep).toFixed(2)
    shots.push({ picture, caption: `${time} s, return ${total.toFixed(1)}` })
  })
  return shots
}

async function openTask(task: string, { seed, actions }: Settings): Promise<Stage> {
  const env = await openEnv(task, seed, 1)
  const actor = actions === 'zero' ? () => new Float32Array(env.actionSpace.size) : randomActor(env, actionRng(seed))
  return { env, actor, close: async () => env.close() }
}

async function openRun(run: string, { runsDir, seed, rule }: Settings): Promise<Stage> {
  const { config, learner, close } = await openPolicy(locateRun(run, runsDir))
  const env = await openEnv(config.task, seed, config.actionRepeat)
  return {
    env,
    actor: policyActor(learner, rule, env, actionRng(seed)),
    async close() {
      env.close()
      await close()
    },
  }
}

const say = (line: string) => void process.stdout.write(`${line}\n`)

const actionRng = (seed: number) => createRng(seed, 'render')

function refuse(path: string, expected: string, received: string): never {
  throw new RevflowError({ code: 'invalid-option', path, expected, received })
}
