import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { workerData } from 'node:worker_threads'
import type { ChildMessage, WorkerData } from './child.ts'

const { command, args, port, signal } = workerData as WorkerData

function tell(message: ChildMessage): void {
  port.postMessage(message)
  Atomics.store(signal, 0, 1)
  Atomics.notify(signal, 0)
}

const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
/** Last line of stderr: of a Python traceback, the error. */
let complaint = ''
createInterface(child.stderr).on('line', (line) => {
  complaint = line.trim() || complaint
})
createInterface(child.stdout).on('line', (line) => tell({ line }))
child.on('error', (error) => tell({ failure: error.message }))
child.on('close', (code, killed) => {
  tell({ failure: `it ended with ${killed ?? code}${complaint && `: ${complaint}`}` })
  port.close()
})
// What is written to a process that has ended is lost; that it has ended is told already.
child.stdin.on('error', () => undefined)
port.on('message', (line: string) => child.stdin.write(`${line}\n`))
port.on('close', () => {
  child.stdin.end()
  // A second of grace, for one that does not listen.
  setTimeout(() => child.kill('SIGKILL'), 1000).unref()
})
