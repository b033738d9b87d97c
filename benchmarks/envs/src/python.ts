import { fileURLToPath } from 'node:url'
import { startPython } from '@revflow/benchmark-shared'
import type { Rate } from './rate.ts'

const script = fileURLToPath(new URL('../python/steps.py', import.meta.url))

/** dm_control in a Python process, timed in turn with our environments. */
export interface PythonTimer {
  readonly mujoco: string
  readonly python: string
  /** @returns the reason where the task cannot be run there */
  rate(task: string, seconds: number): Promise<Rate | { readonly reason: string }>
  close(): void
}

/** @returns the reason where dm_control cannot be loaded */
export async function openPython(command: string): Promise<PythonTimer | { readonly reason: string }> {
  const python = startPython(command, script)
  try {
    const versions = await python.hear<{ mujoco: string; python: string }>()
    return {
      ...versions,
      async rate(task, seconds) {
        const timed = await python.ask<
          { steps: number; seconds: number; cpuSeconds: number } | { readonly error: string }
        >({ task, seconds })
        if ('error' in timed) return { reason: timed.error }
        return { wall: timed.steps / timed.seconds, cpu: timed.steps / timed.cpuSeconds }
      },
      close: python.close,
    }
  } catch (error) {
    return { reason: (error as Error).message }
  }
}
