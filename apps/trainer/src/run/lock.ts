import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
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
  // the second time after a dead process's lock was removed
  for (const removed of [false, true]) {
    try {
      writeFileSync(file, own, { flag: 'wx' })
      if (!removed) break
      // another that found the same dead lock may just now remove ours in its place
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
      if (readFileSync(file, 'utf8') === own) break
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    }
    const [pid, host] = readFileSync(file, 'utf8').split(' ')
    // one that has made the file may be about to write to it; a container that was restarted may give the same id again
    const alive = pid
      ? host === hostname() && Number(pid) !== process.pid && isAlive(Number(pid))
      : Date.now() - statSync(file).mtimeMs < 2000
    if (alive || removed)
      throw new RevflowError({
        code: 'run-in-use',
        path: file,
        expected: 'a run that no other process is training',
        received: `that of process ${pid || '(starting)'}`,
        hint: 'wait for it, or stop it and run the same command again; if it is none of revflow, delete this file',
      })
    rmSync(file, { force: true })
  }
  return () => rmSync(file, { force: true })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
