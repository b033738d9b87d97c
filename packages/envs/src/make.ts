import { parseOptions, RevflowError } from '@revflow/core'
import type { Env } from './env.ts'
import {
  createMujocoEnv,
  type EnvOptions,
  envOptionsSchema,
  type MujocoEnv,
  type ParsedEnvOptions,
} from './mujoco-env.ts'
import { findTask } from './registry.ts'
import type { TaskDefinition } from './task.ts'
import { repeatActions } from './wrappers/action-repeat.ts'

/** What an environment of one's own is told; `actionRepeat` is not its business: `makeEnv` sees to it. */
export type EnvFactoryOptions = Omit<ParsedEnvOptions, 'actionRepeat'>

/** Makes an environment of any kind. May pass its options on to `makeEnv`, as where it wraps a task. */
export type EnvFactory = (options: EnvFactoryOptions) => Env | Promise<Env>

/**
 * What `makeEnv` takes: the name of a built-in task, a task made by `defineTask`, a function that makes an environment,
 * or the URL of a module whose default export is one of the latter two.
 */
export type EnvSource = string | TaskDefinition | EnvFactory | URL

/**
 * Makes an environment; the first one on MuJoCo loads it. Call `reset` before `step`, and `close` when done with it.
 * @throws RevflowError for an unknown task or option, naming the nearest known one; `invalid-task` where a module's
 * default export makes no environment
 */
export function makeEnv(source: string | TaskDefinition, options?: EnvOptions): Promise<MujocoEnv>
export function makeEnv(source: EnvSource, options?: EnvOptions): Promise<Env>
export async function makeEnv(source: EnvSource, options: EnvOptions = {}): Promise<Env> {
  const parsed = parseOptions(envOptionsSchema, options, 'makeEnv')
  const maker =
    source instanceof URL ? await importMaker(source) : typeof source === 'string' ? findTask(source) : source
  if (typeof maker !== 'function') return createMujocoEnv(maker, parsed)
  const { actionRepeat, ...rest } = parsed
  return repeatActions(await maker(rest), actionRepeat)
}

async function importMaker(url: URL): Promise<TaskDefinition | EnvFactory> {
  const { default: maker } = await importModule(url)
  if (typeof maker === 'function') return maker as EnvFactory
  if (typeof maker === 'object' && maker !== null && 'bind' in maker) return maker as TaskDefinition
  throw new RevflowError({
    code: 'invalid-task',
    path: url.href,
    expected: 'a default export: a task made by defineTask, or a function that makes an environment',
    received: maker === undefined ? 'none' : `a value of type ${typeof maker}`,
  })
}

async function importModule(url: URL): Promise<{ readonly default?: unknown }> {
  try {
    return await import(/* @vite-ignore */ url.href)
  } catch (cause) {
    throw new RevflowError(
      { code: 'invalid-task', path: url.href, expected: 'a module that loads', received: String(cause) },
      { cause },
    )
  }
}
