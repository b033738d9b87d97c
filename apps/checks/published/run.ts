import { execFile } from 'node:child_process'

export interface Ended {
  readonly code: number
  /** Both streams. */
  readonly output: string
}

/** Runs a program to its end, whatever that is; ten minutes at most. */
export const run = (cwd: string, program: string, ...args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    // What pnpm and vitest tell their children is none of the program's business.
    const own = Object.entries(process.env).filter(
      ([name]) => !/^(npm_|pnpm_|vitest|node_env$|node_options$)/i.test(name),
    )
    const options = {
      cwd,
      env: Object.fromEntries(own),
      encoding: 'utf8',
      timeout: 600_000,
      maxBuffer: 2 ** 26,
    } as const
    execFile(program, args, options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: `${stdout}${stderr}` }),
    )
  })

/** The same for what has to succeed. @throws Error with what it printed */
export async function succeed(cwd: string, program: string, ...args: readonly string[]): Promise<string> {
  const { code, output } = await run(cwd, program, ...args)
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${output}`)
  return output
}
