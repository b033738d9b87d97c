import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { BinaryReader } from '@bufbuild/protobuf/wire'
import fc from 'fast-check'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { listCheckpoints, readLatestCheckpoint, writeCheckpoint } from '../src/checkpoint/checkpoint.ts'
import { type CheckpointData, decodeSafetensors, encodeSafetensors } from '../src/checkpoint/safetensors.ts'
import { openLogs } from '../src/logging/logs.ts'
import { crc32c } from '../src/logging/tensorboard.ts'
import { learningCurve } from '../src/plot/learning-curve.ts'
import { lock } from '../src/run/lock.ts'
import { createProgress } from '../src/ui/progress.ts'

const folder = mkdtempSync(join(tmpdir(), 'revflow-files-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const data: CheckpointData = {
  tensors: {
    'agent/w': { dtype: 'F32', shape: [2, 3], data: Float32Array.from([1, -0, Number.NaN, 3, 4, 5]) },
    'env/state': { dtype: 'F64', shape: [1], data: Float64Array.of(Math.PI) },
    step: { dtype: 'I32', shape: [], data: Int32Array.of(7) },
    flags: { dtype: 'BOOL', shape: [3], data: Uint8Array.of(1, 0, 1) },
    empty: { dtype: 'F32', shape: [0], data: new Float32Array(0) },
  },
  meta: { rng: [1, 2], name: 'ü' },
}

describe('the lock of a run', () => {
  const file = join(folder, 'train.lock')

  it('is taken once and given back', () => {
    const release = lock(file)
    expect(readFileSync(file, 'utf8')).toBe(`${process.pid} ${hostname()}`)
    release()
    expect(existsSync(file)).toBe(false)
  })

  it.each([
    ['a process that has not written it yet', '', 'that of process (starting)'],
    ['a live process', `${process.ppid} ${hostname()}`, `that of process ${process.ppid}`],
  ])('is refused while held by %s', (_, held, received) => {
    writeFileSync(file, held)
    expect(() => lock(file)).toThrow(`expected a run that no other process is training, received ${received}`)
    expect(readFileSync(file, 'utf8')).toBe(held)
    rmSync(file)
  })

  it.each([
    ['a process that was killed before it wrote', ''],
    ['a process that was killed', `4194305 ${hostname()}`], // above Linux's greatest id
    ['a process of another machine', `${process.ppid} not-${hostname()}`],
  ])('is taken over from %s', (_, held) => {
    writeFileSync(file, held)
    utimesSync(file, 0, 0)
    const release = lock(file)
    expect(readFileSync(file, 'utf8')).toBe(`${process.pid} ${hostname()}`)
    release()
  })

  it.each([
    ['trains', `${process.ppid} ${hostname()}`, `received that of process ${process.ppid}`],
    ['has ended', undefined, 'received that of process (ended)'],
  ])('goes to one of two processes that find the same dead one: the other %s', (_, other, received) => {
    writeFileSync(file, `4194305 ${hostname()}`)
    // what one waits for: the other had read the dead one's lock too, and puts its own in the place of ours
    const wait = vi.spyOn(Atomics, 'wait').mockImplementation(() => {
      if (other) writeFileSync(file, other)
      else rmSync(file)
      return 'timed-out'
    })
    expect(() => lock(file)).toThrow(received)
    expect(existsSync(file) && readFileSync(file, 'utf8')).toBe(other ?? false)
    wait.mockRestore()
    rmSync(file, { force: true })
  })

  it('leaves no other file when taken over', () => {
    writeFileSync(file, `4194305 ${hostname()}`)
    const before = readdirSync(folder)
    const release = lock(file)
    expect(readdirSync(folder)).toEqual(before)
    release()
  })
})

describe('safetensors', () => {
  const file = encodeSafetensors(data)
  it('gives back what it was given', () => {
    expect(decodeSafetensors(file, 'x')).toEqual(data)
    expect((8 + Number(new DataView(file.buffer).getBigUint64(0, true))) % 8).toBe(0)
  })

  it('notices every truncation and every flipped bit', () => {
    fc.assert(
      fc.property(fc.nat(file.length - 1), (length) => {
        expect(() => decodeSafetensors(file.slice(0, length), 'x')).toThrow('was truncated or altered')
      }),
    )
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(7), (position, bit) => {
        const altered = file.slice()
        altered[position]! ^= 1 << bit
        let decoded: unknown
        try {
          decoded = decodeSafetensors(altered, 'x')
        } catch (error) {
          expect(String(error)).toContain('was truncated or altered')
          return
        }
        expect(decoded).toEqual(data) // a flipped bit of the header's padding may be harmless
      }),
      { numRuns: 500 },
    )
  })
})

describe('checkpoints', () => {
  it('keep the one before, though a newer one be damaged, and ignore leftovers', () => {
    writeCheckpoint(folder, 10, data, 0)
    writeCheckpoint(folder, 20, data, 10)
    writeFileSync(join(folder, 'step-40.safetensors'), 'damaged')
    expect(readLatestCheckpoint(folder).found).toMatchObject({ step: 20, data })
    writeCheckpoint(folder, 30, data, 20)
    expect(listCheckpoints(folder).map(({ step }) => step)).toEqual([40, 30, 20])
    writeCheckpoint(folder, 40, data, 30)
    expect(listCheckpoints(folder).map(({ step }) => step)).toEqual([40, 30])
    expect(readLatestCheckpoint(folder).found).toMatchObject({ step: 40, data })
    expect(() => writeCheckpoint(join(folder, 'missing'), 1, data, 0)).toThrow('expected room and permission to write')
  })
})

it('progress without a terminal says the last step once', () => {
  const lines: string[] = []
  const stream = { isTTY: false, write: (text: string) => lines.push(text) } as unknown as NodeJS.WriteStream
  const progress = createProgress(100, stream)
  const report = { stepsPerSecond: 10, evaluationReturn: 1, effectiveSampleSize: 2 }
  for (const step of [50, 100, 100]) progress.update({ step, ...report })
  expect(lines.filter((line) => line.startsWith('step 100/100'))).toHaveLength(1)
})

describe('logs', () => {
  it('write JSON lines and TensorBoard records with right checksums, and cut back to a checkpoint', () => {
    const paths = { evaluations: join(folder, 'e'), metrics: join(folder, 'm'), events: join(folder, 't') }
    const logs = openLogs(paths, () => 1.5)
    logs.metrics({ step: 1, loss: 0.25 })
    const offsets = logs.offsets()
    logs.evaluation({ step: 2, return: 3, returns: [3, 3] })
    expect(logs.truncate(offsets)).toEqual([])
    logs.evaluation({ step: 2, return: 4, returns: [4] })
    expect(logs.truncate({ ...logs.offsets(), metrics: offsets.metrics + 7 })).toEqual([
      `7 bytes of ${paths.metrics}, which were there at the checkpoint`,
    ])
    logs.close()
    expect(readFileSync(paths.evaluations, 'utf8')).toBe('{"step":2,"return":4,"returns":[4]}\n')
    expect(events(readFileSync(paths.events))).toEqual([
      { version: 'brain.Event:2' },
      { step: 1, 'training/loss': 0.25 },
      { step: 2, 'evaluation/return': 4 },
    ])
  })

  it('use CRC-32C', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283) // the check value of the standard
  })
})

/** Decodes TFRecords of events, checking both checksums. */
function events(file: Uint8Array): Record<string, unknown>[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const masked = (from: number, to: number) => {
    const crc = crc32c(file.subarray(from, to))
    return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
  }
  const result: Record<string, unknown>[] = []
  for (let at = 0; at < file.length; ) {
    const length = Number(view.getBigUint64(at, true))
    expect(view.getUint32(at + 8, true)).toBe(masked(at, at + 8))
    expect(view.getUint32(at + 12 + length, true)).toBe(masked(at + 12, at + 12 + length))
    result.push(event(new BinaryReader(file.subarray(at + 12, at + 12 + length))))
    at += 16 + length
  }
  return result
}

function event(reader: BinaryReader): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  while (reader.pos < reader.len) {
    const [field] = reader.tag()
    if (field === 1) expect(reader.double()).toBe(1.5)
    else if (field === 2) out.step = Number(reader.int64())
    else if (field === 3) out.version = reader.string()
    else {
      const end = reader.uint32() + reader.pos
      while (reader.pos < end) {
        reader.tag()
        reader.uint32()
        reader.tag()
        const tag = reader.string()
        reader.tag()
        out[tag] = reader.float()
      }
    }
  }
  return out
}

describe('learningCurve', () => {
  it('draws a line and a band for each curve, escaped and self-contained', () => {
    const points = [0, 1, 2].map((step) => ({ step, value: step, low: step - 1, high: step + 1 }))
    const svg = learningCurve({ title: 'a < b', curves: ['one', 'two'].map((name) => ({ name, points })) })
    expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
    expect(svg).toContain('a &lt; b')
    expect(svg.match(/fill="none"[^>]*><path|<path fill="none"|stroke-width="2"/g)?.length).toBeGreaterThan(0)
    for (const name of ['one', 'two']) expect(svg).toContain(`>${name}<`)
  })
})
