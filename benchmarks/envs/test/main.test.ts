import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { main } from '../src/main.ts'

test('times a task, watches memory, writes both down; without dm_control it says why', async () => {
  const out = mkdtempSync(join(tmpdir(), 'revflow-bench-'))
  const printed: string[] = []
  const args = ['--tasks', 'pendulum-swingup', '--memory-tasks', 'pendulum-swingup', '--python', 'no-such-python']
  const small = ['--rounds', '1', '--seconds', '0.01', '--steps', '2500', '--resets', '20', '--out', out]
  try {
    expect(await main([...args, ...small], (line) => printed.push(line))).toBe(0)
    const lines = readFileSync(join(out, 'envs.jsonl'), 'utf8')
    expect(lines).toBe(printed.join(''))
    const [head, task, overhead, ...memory] = lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(head.run).toMatchObject({ rounds: 1, python: 'skipped (no-such-python: spawn no-such-python ENOENT)' })
    expect(task).toMatchObject({ task: 'pendulum-swingup', single: { wall: [expect.any(Number)] } })
    expect(task.vector['2'][0]).toBeGreaterThan(0)
    // Observation, result and info: were views or models made anew, it would be a multiple.
    expect(task.allocatedBytes).toBeLessThan(1000)
    expect(Object.keys(overhead.stepMicroseconds)).toEqual(['0', '1', '2'])
    expect(memory).toHaveLength(6)
    expect(memory.at(-1)).toMatchObject({ steps: 2500, resets: 20, wasmMB: memory[0].wasmMB })
    const table = readFileSync(join(out, 'envs.md'), 'utf8')
    expect(table).toContain('| `pendulum-swingup` |')
    expect(table).toContain('skipped (no-such-python')
    await expect(main(['--tasks', 'pendulum-swing'])).rejects.toThrow(/did you mean 'pendulum-swingup'/)
  } finally {
    rmSync(out, { recursive: true })
  }
})
