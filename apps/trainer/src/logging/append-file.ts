import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs'

/** A file that only grows, but can be cut back to where a checkpoint was made. */
export interface AppendFile {
  append(bytes: Uint8Array | string): void
  /** Bytes so far. */
  offset(): number
  /** Drops everything after `offset` bytes; a shorter file stays as it is. Returns the bytes it lacks. */
  truncate(offset: number): number
  close(): void
}

export function openAppendFile(path: string): AppendFile {
  const file = openSync(path, 'a')
  return {
    append(bytes) {
      const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
      for (let written = 0; written < buffer.length; ) written += writeSync(file, buffer, written)
    },
    offset: () => fstatSync(file).size,
    truncate(offset) {
      const { size } = fstatSync(file)
      if (offset < size) ftruncateSync(file, offset)
      return Math.max(0, offset - size)
    },
    close: () => closeSync(file),
  }
}
