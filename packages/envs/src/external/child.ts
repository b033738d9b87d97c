import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { RevflowError } from '@revflow/core'
import type { z } from 'zod'
import { startWorker } from '../thread.ts'
import { errorAnswer, type Request } from './protocol.ts'

export type ChildMessage = { readonly line: string } | { readonly failure: string }

/** What the thread that holds the process is started with. */
export interface WorkerData {
  readonly command: string
  readonly args: readonly string[]
  readonly port: MessagePort
  /** 1 once a message is there. */
  readonly signal: Int32Array
}

/** A process that answers lines with lines. */
export interface Child {
  /** Waits for the next line and parses it. @throws RevflowError (`external-failed`) */
  hear<S extends z.ZodType>(schema: S): z.output<S>
  say(request: Request): void
  close(): void
}

/**
 * Starts a process. `step` of an environment gives its result at once, not a promise, so the process is held by a thread
 * of its own, and this one sleeps until its answer is there.
 * @param timeout seconds to wait for an answer
 */
export function startChild(command: string, args: readonly string[], timeout: number): Child {
  const { port1: port, port2 } = new MessageChannel()
  const signal = new Int32Array(new SharedArrayBuffer(4))
  const data: WorkerData = { command, args, port: port2, signal }
  const worker = startWorker('external/worker', { workerData: data, transferList: [port2] })
  worker.unref()
  const fail = (received: string, expected?: string): never => {
    throw new RevflowError({
      code: 'external-failed',
      path: [command, ...args].join(' '),
      ...(expected !== undefined && { expected }),
      received,
    })
  }

  let ended: string | undefined

  const nextLine = (): string => {
    const deadline = performance.now() + timeout * 1000
    while (ended === undefined) {
      // Cleared first: a message that comes after the look is seen by the wait.
      Atomics.store(signal, 0, 0)
      const message = receiveMessageOnPort(port)?.message as ChildMessage | undefined
      const left = deadline - performance.now()
      if (message && 'line' in message) return message.line
      if (message) ended = message.failure
      // An answer that came later would be taken for that to the next question.
      else if (left <= 0) ended = `none in ${timeout} s`
      else Atomics.wait(signal, 0, 0, left)
    }
    return fail(ended, 'an answer')
  }

  return {
    hear(schema) {
      const line = nextLine()
      const shown = line.length > 200 ? `${line.slice(0, 200)}…` : line
      let value: unknown
      try {
        value = JSON.parse(line)
      } catch {
        fail(shown, 'a line of JSON')
      }
      const error = errorAnswer.safeParse(value)
      if (error.success) fail(error.data.error)
      const parsed = schema.safeParse(value)
      if (parsed.success) return parsed.data
      const { path, message: why } = parsed.error.issues[0]!
      return fail(shown, `an answer of the protocol (${path.join('.') || 'line'}: ${why})`)
    },
    say: (request) => port.postMessage(JSON.stringify(request)),
    close() {
      port.postMessage(JSON.stringify({ close: true } satisfies Request))
      port.close()
    },
  }
}
