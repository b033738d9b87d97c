import { RevflowError } from '@revflow/core'

/** @throws RevflowError (`diverged`) naming what training made that is not finite */
export function checkLearned(path: string, values: ArrayLike<number>): void {
  const bad = firstNotFinite(values)
  if (bad === undefined) return
  throw new RevflowError({
    code: 'diverged',
    path,
    expected: 'finite numbers',
    received: String(bad),
    hint: 'the last checkpoint is kept; lower a learning rate or raise the temperature',
  })
}

/** @throws RevflowError (`invalid-environment`) naming what an environment gave that is not finite */
export function checkGiven(task: string, path: string, values: ArrayLike<number>): void {
  const bad = firstNotFinite(values)
  if (bad === undefined) return
  throw new RevflowError({
    code: 'invalid-environment',
    path: `${path} of ${task}`,
    expected: 'finite numbers',
    received: String(bad),
  })
}

function firstNotFinite(values: ArrayLike<number>): number | undefined {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return values[i]
  return undefined
}
