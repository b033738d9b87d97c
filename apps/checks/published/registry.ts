import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const require = createRequire(import.meta.url)

/** A registry on this machine, for the packages of the house alone: others come from wherever npm gets them. */
export interface Registry {
  readonly url: string
  /** Lines of an `.npmrc` that send a project's `@revflow` packages here. */
  readonly npmrc: string
  stop(): void
}

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

const config = `
storage: ./storage
auth:
  htpasswd: { file: ./users, max_users: -1 }
packages:
  '@revflow/*': { access: $all, publish: $all }
web: { enable: false }
log: { type: stdout, format: pretty, level: warn }
`

/** Starts verdaccio with its files in `folder`. @throws Error where it does not answer in a minute */
export async function startRegistry(folder: string): Promise<Registry> {
  mkdirSync(folder)
  writeFileSync(join(folder, 'config.yaml'), config)
  const program = join(dirname(require.resolve('verdaccio/package.json')), 'bin/verdaccio')
  const port = await freePort()
  const args = [program, '--config', join(folder, 'config.yaml'), '--listen', `127.0.0.1:${port}`]
  const server: ChildProcess = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] })
  const url = `http://127.0.0.1:${port}/`
  for (let attempt = 0; !(await fetch(`${url}-/ping`).catch(() => undefined))?.ok; attempt++) {
    if (attempt === 120 || server.exitCode !== null) throw new Error('verdaccio does not start')
    await wait(500)
  }
  // Anybody may publish, but clients want to show some token.
  const npmrc = `@revflow:registry=${url}\n//127.0.0.1:${port}/:_authToken=anybody\n`
  return { url, npmrc, stop: () => void server.kill() }
}
