import { existsSync } from 'node:fs'
import { basename, extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { lookUp, RevflowError } from '@revflow/core'
import { type Env, listTasks, makeEnv } from '@revflow/envs'

/** A task is a built-in one by its name, or one's own by the path of a module, as `makeEnv` takes one. */
const isModule = (task: string) => /\.m?[jt]s$/.test(task)

/**
 * A task as a run keeps it: a built-in one's name, or the whole path of a module, so that the run can be gone on with from
 * any folder. @throws RevflowError (`unknown-name`, `unreadable-file`)
 */
export function resolveTask(task: string): string {
  if (!isModule(task)) return lookUp('task', task, Object.fromEntries(listTasks().map(({ name }) => [name, name])))
  if (existsSync(task)) return resolve(task)
  throw new RevflowError({
    code: 'unreadable-file',
    path: 'task',
    expected: 'the path of a module',
    received: `'${task}', which does not exist`,
  })
}

/** A task's name in folders. */
export function taskFolder(task: string): string {
  return isModule(task) ? basename(task, extname(task)) : task
}

/** Makes an environment of a run. @throws RevflowError (`unbounded-action`) where policies on [−1, 1] cannot act */
export async function makeRunEnv(
  { task, actionRepeat }: { readonly task: string; readonly actionRepeat: number },
  seed: number,
) {
  const known = resolveTask(task)
  const env: Env = await makeEnv(isModule(known) ? pathToFileURL(known) : known, { seed, actionRepeat })
  const { names, low, high } = env.actionSpace
  const unbounded = names.find((_, i) => !Number.isFinite(high[i]! - low[i]!))
  if (unbounded === undefined) return env
  env.close()
  throw new RevflowError({
    code: 'unbounded-action',
    path: `${env.task}.actionSpace`,
    expected: 'finite bounds',
    received: `none of '${unbounded}'`,
    hint: 'policies act on [−1, 1], which is scaled to the bounds',
  })
}
