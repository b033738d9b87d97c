import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Rate } from './speed.ts'

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
  const child = spawn(command, [script], { stdio: ['pipe', 'pipe', 'pipe'] })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = text.trim().split('\n').at(-1)!
  })
  const failed = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', () => resolve(complaint || 'it ended'))
  })
  child.stdin.on('error', () => undefined)
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const hear = async <T>(): Promise<T> => {
    const line = await lines.next()
    if (line.done) throw new Error(`${command}: ${await failed}`)
    return JSON.parse(line.value) as T
  }
  try {
    const versions = await hear<{ mujoco: string; python: string }>()
    return {
      ...versions,
      async rate(task, seconds) {
        child.stdin.write(`${JSON.stringify({ task, seconds })}\n`)
        const timed = await hear<{ steps: number; seconds: number; cpuSeconds: number } | { error: string }>()
        if ('error' in timed) return { reason: timed.error }
        return { wall: timed.steps / timed.seconds, cpu: timed.steps / timed.cpuSeconds }
      },
      close: () => void child.stdin.end(),
    }
  } catch (error) {
    return { reason: (error as Error).message }
  }
}
