import { Worker, type WorkerOptions } from 'node:worker_threads'

/**
 * Starts a worker of this package. Where its sources run unbuilt, as in tests, Node needs tsx to read them.
 * @param entry module, relative to this file, without extension
 */
export function startWorker(entry: string, options: WorkerOptions): Worker {
  const isBuilt = import.meta.url.endsWith('.js')
  const file = new URL(`./${entry}${isBuilt ? '.js' : '.ts'}`, import.meta.url)
  if (isBuilt) return new Worker(file, options)
  const code = `import('${import.meta.resolve('tsx/esm/api')}').then(({ register }) => (register(), import('${file}')))`
  return new Worker(code, { ...options, eval: true, execArgv: ['--conditions=revflow-source'] })
}
