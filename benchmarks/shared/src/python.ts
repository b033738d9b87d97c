import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A Python program that answers lines of JSON with lines of JSON. */
export interface Python {
  /** The next line. @throws Error with what the program complained of where it ended */
  hear<T>(): Promise<T>
  /** Says a line, and hears the next. */
  ask<T>(request: object): Promise<T>
  close(): void
}

/** Starts a program; one that cannot be started says so when it is first heard. */
export function startPython(command: string, script: string, env: Readonly<Record<string, string>> = {}): Python {
  const child = spawn(command, [script], { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } })
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
  return {
    hear,
    ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      return hear()
    },
    close: () => void child.stdin.end(),
  }
}
