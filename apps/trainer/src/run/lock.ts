import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { RevflowError } from '@revflow/core'

/**
 * Takes a run for this process, lest two write into one folder; what a killed process left is taken over. A process on
 * another machine cannot be looked for, so its lock is taken over too. Libraries tell a dead holder by a file that has not been
 * touched for a while: an update blocks the thread, and a run that was killed is to go on at once.
 * @param file the lock, whose folder is there
 * @returns what gives the run back
 * @throws RevflowError (`run-in-use`) where a live process of this machine holds it
 */
export function lock(file: string): () => void {
  const own = `${process.pid} ${hostname()}`
  try {
    writeFileSync(file, own, { flag: 'wx' })
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw cause
    const held = read(file)
    if (isHeld(held, file)) throw inUse(held, file)
    // in one step, so that no other process finds the file missing or half written
    writeFileSync(`${file}.${process.pid}`, own)
    renameSync(`${file}.${process.pid}`, file)
    // another that found the same dead lock may just now put its own in the place of ours
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
    const kept = read(file)
    if (kept !== own) throw inUse(kept, file)
  }
  return () => rmSync(file, { force: true })
}

/** What the lock says, or undefined where it has just been given back. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT') throw cause
    return undefined
  }
}

function isHeld(held: string | undefined, file: string): boolean {
  // one that has made the file may be about to write to it
  if (held === '') return Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) < 2000
  const [pid, host] = (held ?? '').split(' ')
  // a container that was restarted may give the same id again
  return host === hostname() && Number(pid) !== process.pid && isAlive(Number(pid))
}

const inUse = (held: string | undefined, file: string) =>
  new RevflowError({
    code: 'run-in-use',
    path: file,
    expected: 'a run that no other process is training',
    received: `that of process ${held === undefined ? '(ended)' : held.split(' ')[0] || '(starting)'}`,
    hint: 'wait for it, or stop it and run the same command again; if it is none of revflow, delete this file',
  })

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code
