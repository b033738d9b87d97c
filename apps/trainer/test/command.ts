import { vi } from 'vitest'
import { main } from '../src/cli.ts'

/** Runs the command here; gives its exit code and what it wrote. */
export async function revflow(...args: string[]) {
  const written: string[] = []
  const capture = ((text: string) => written.push(String(text)) > 0) as typeof process.stderr.write
  const spies = [process.stderr, process.stdout].map((stream) => vi.spyOn(stream, 'write').mockImplementation(capture))
  try {
    return { code: await main(args), output: written.join('') }
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}
