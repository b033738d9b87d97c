import { once } from 'node:events'
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads'
import { RevflowError } from '@revflow/core'
import type { EnvSource } from '../make.ts'
import { startWorker } from '../thread.ts'
import {
  EnvGroup,
  type Failure,
  type GroupFacts,
  type GroupOptions,
  type GroupReply,
  type GroupRequest,
} from './group.ts'

/** A group of environments in this thread or in another. After each `send` comes one `receive`. */
export interface Lane {
  readonly facts: GroupFacts
  send(request: GroupRequest): void
  /** Waits for the reply to what was sent. */
  receive(): GroupReply
  close(): Promise<void>
}

/** @throws RevflowError with the facts of a failure; its cause has the stack of where it happened */
export function throwFailure({ facts, stack }: Failure): never {
  const cause = new Error(facts.received ?? facts.code)
  if (stack !== undefined) cause.stack = stack
  throw new RevflowError(facts, { cause })
}

export async function openLocalLane(source: EnvSource, options: GroupOptions): Promise<Lane> {
  const group = await EnvGroup.create(source, options)
  let reply: GroupReply
  return {
    facts: group.facts,
    send(request) {
      reply = group.run(request)
    },
    receive: () => reply,
    async close() {
      group.run({ kind: 'close' })
    },
  }
}

/** Words of a lane's signal, and what they say. */
export const words = { request: 0, reply: 1 } as const
export const signals = { none: 0, step: 1, message: 2, gone: 3 } as const

/**
 * Sleeps until a word is set, and gives it; `none` where that takes more than `timeout` seconds. Looks again after each
 * wake-up: one may come late, for a word that was seen without it.
 */
export function awaitWord(signal: Int32Array, word: number, timeout = Infinity): number {
  const deadline = performance.now() + timeout * 1000
  for (;;) {
    const value = Atomics.load(signal, word)
    const left = deadline - performance.now()
    if (value !== signals.none || left <= 0) return value
    Atomics.wait(signal, word, signals.none, left)
  }
}

/** What a worker is started with. */
export interface WorkerData {
  readonly source: { readonly name: string } | { readonly url: string }
  readonly options: GroupOptions
  readonly signal: Int32Array
  readonly port: MessagePort
}

/** What a worker says once, when its environments are made or have failed to be. */
export type WorkerGreeting = { readonly facts: GroupFacts } | { readonly failure: Failure }

/**
 * @param timeout seconds after which a silent worker counts as lost
 */
export async function openWorkerLane(source: string | URL, options: GroupOptions, timeout: number): Promise<Lane> {
  const { port1: port, port2 } = new MessageChannel()
  const signal = new Int32Array(new SharedArrayBuffer(8))
  const worker = startWorker('vector/worker', {
    workerData: {
      source: typeof source === 'string' ? { name: source } : { url: source.href },
      options,
      signal,
      port: port2,
    } satisfies WorkerData,
    transferList: [port2],
  })
  const greeting = await greetingOf(worker)
  if ('failure' in greeting) {
    await worker.terminate()
    throwFailure(greeting.failure)
  }
  // A program that forgets to close ends all the same.
  worker.unref()
  let isLost = false
  const lane: Lane = {
    facts: greeting.facts,
    send(request) {
      if (isLost) return
      if (request.kind !== 'step') port.postMessage(request)
      Atomics.store(signal, words.reply, signals.none)
      Atomics.store(signal, words.request, request.kind === 'step' ? signals.step : signals.message)
      Atomics.notify(signal, words.request)
    },
    receive() {
      if (!isLost) {
        const answer = awaitWord(signal, words.reply, timeout)
        if (answer === signals.message) return receiveMessageOnPort(port)!.message as GroupReply
        if (answer === signals.step) return undefined
        isLost = true
      }
      return { failure: lost(options, timeout) }
    },
    async close() {
      lane.send({ kind: 'close' })
      lane.receive()
      await worker.terminate()
      port.close()
    },
  }
  return lane
}

async function greetingOf(worker: Worker): Promise<WorkerGreeting> {
  const exit = once(worker, 'exit').then(([code]) => {
    throw new RevflowError({ code: 'worker-lost', path: 'makeVectorEnv', received: `a worker that ended with ${code}` })
  })
  const [greeting] = await Promise.race([once(worker, 'message'), exit])
  exit.catch(() => undefined)
  return greeting as WorkerGreeting
}

function lost({ first, seeds }: GroupOptions, timeout: number): Failure {
  const facts = {
    code: 'worker-lost',
    path: `environments[${first} … ${first + seeds.length - 1}]`,
    expected: `an answer within ${timeout} s`,
    received: 'none: the worker ended, or an environment hangs',
    hint: 'close the vector environment and make a new one',
  }
  return { facts, stack: undefined }
}
