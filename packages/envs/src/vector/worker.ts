import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { EnvGroup, type GroupRequest, toFailure } from './group.ts'
import { awaitWord, signals, type WorkerData, type WorkerGreeting, words } from './lane.ts'

const { source, options, signal, port } = workerData as WorkerData
const greet = (greeting: WorkerGreeting) => parentPort!.postMessage(greeting)

function answer(word: number): void {
  Atomics.store(signal, words.reply, word)
  Atomics.notify(signal, words.reply)
}

/** Serves requests without giving the event loop a turn, until it is told to close. */
function serve(group: EnvGroup): void {
  for (let isOpen = true; isOpen; ) {
    const word = awaitWord(signal, words.request)
    Atomics.store(signal, words.request, signals.none)
    const request: GroupRequest = word === signals.step ? { kind: 'step' } : receiveMessageOnPort(port)!.message
    const reply = group.run(request)
    isOpen = request.kind !== 'close'
    if (reply) port.postMessage(reply)
    answer(reply ? signals.message : signals.step)
  }
}

// An environment that ends its thread, as by process.exit, is told of at once.
process.on('exit', () => answer(signals.gone))
let group: EnvGroup | undefined
try {
  group = await EnvGroup.create('url' in source ? new URL(source.url) : source.name, options)
  greet({ facts: group.facts })
} catch (error) {
  greet({ failure: toFailure(error) })
}
if (group) serve(group)
