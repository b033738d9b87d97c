import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { main, verifyAgentFile } from '../src/agents.ts'

/** Targets recorded from MaxEntDP's code in its three modes, and statistics of Python rliable. */
const PEERS = join(import.meta.dirname, 'fixtures/peers')
const folder = mkdtempSync(join(tmpdir(), 'revflow-peers-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('verify:agents', () => {
  it.each(['qne-2.json', 'idem-2.json', 'qsm-2.json', 'rliable.json'])(
    'the agents give what is recorded: %s',
    (file) => {
      const { ok, error } = verifyAgentFile(PEERS, file)
      expect({ ok, error }).toMatchObject({ ok: true })
      expect(error).toBeLessThan(file === 'rliable.json' ? 0.01 : 1e-5)
    },
  )

  it.each(['qne-2.json', 'idem-2.json', 'qsm-2.json'])('a target that is off by a thousandth is found: %s', (file) => {
    const reference = JSON.parse(readFileSync(join(PEERS, file), 'utf8'))
    reference.epsilon_target = reference.epsilon_target.map((row: number[]) => row.map((value) => 1.001 * value))
    writeFileSync(join(folder, file), JSON.stringify(reference))
    expect(verifyAgentFile(folder, file)).toMatchObject({ ok: false, tolerance: 1e-4 })
  })

  it('says what is no reference, and what it cannot know', () => {
    writeFileSync(join(folder, 'qne-9.json'), '{"S": 3}')
    writeFileSync(join(folder, 'other-0.json'), '{}')
    expect(verifyAgentFile(folder, 'qne-9.json')).toMatchObject({ ok: false, reason: expect.stringContaining('A: ') })
    expect(verifyAgentFile(folder, 'other-0.json')).toMatchObject({ ok: 'skipped' })
    const write = vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
    expect(main(['/no/such/folder'])).toBe(2)
    expect(write.mock.calls.join('')).toContain('expected a folder of references')
    write.mockRestore()
  })
})
