import { createHash } from 'node:crypto'
import { RevflowError } from '@revflow/core'
import { z } from 'zod'

/** Element types of the format that runs use. */
const ARRAYS = { F32: Float32Array, F64: Float64Array, I32: Int32Array, U8: Uint8Array, BOOL: Uint8Array } as const
export type SafetensorsType = keyof typeof ARRAYS

export interface CheckpointTensor {
  readonly dtype: SafetensorsType
  readonly shape: readonly number[]
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array
}
export interface CheckpointData {
  readonly tensors: Readonly<Record<string, CheckpointTensor>>
  /** Any JSON. */
  readonly meta: unknown
}

const entrySchema = z.strictObject({
  dtype: z.enum(Object.keys(ARRAYS) as [SafetensorsType, ...SafetensorsType[]]),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
})
const metadataSchema = z.object({ meta: z.string(), sha256: z.string() })
const headerSchema = z.object({ __metadata__: metadataSchema }).catchall(entrySchema)

const digest = (meta: string, entries: string, data: Uint8Array) =>
  createHash('sha256').update(meta).update('\0').update(entries).update('\0').update(data).digest('hex')

/**
 * Encodes tensors and JSON as a safetensors file: 8 bytes of header length, a JSON header, the data. A SHA-256 of
 * everything is in its metadata.
 */
export function encodeSafetensors({ tensors, meta }: CheckpointData): Uint8Array {
  let size = 0
  const entries: Record<string, z.infer<typeof entrySchema>> = {}
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    entries[name] = { dtype, shape: [...shape], data_offsets: [size, size + data.byteLength] }
    size += data.byteLength
  }
  const data = new Uint8Array(size)
  for (const [name, { data: array }] of Object.entries(tensors))
    data.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), entries[name]!.data_offsets[0])
  const json = JSON.stringify(meta)
  const sha256 = digest(json, JSON.stringify(entries), data)
  const text = JSON.stringify({ __metadata__: { meta: json, sha256 }, ...entries })
  // the format asks for data aligned to 8 bytes: pad the header with spaces
  const header = new TextEncoder().encode(text.padEnd(text.length + ((8 - (Buffer.byteLength(text) % 8)) % 8)))
  const file = new Uint8Array(8 + header.length + size)
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true)
  file.set(header, 8)
  file.set(data, 8 + header.length)
  return file
}

/**
 * Decodes and verifies a file made by {@link encodeSafetensors}.
 * @throws RevflowError (`damaged-checkpoint`) where it was truncated or altered
 */
export function decodeSafetensors(bytes: Uint8Array, path: string): CheckpointData {
  // a Buffer's slice is a view of its pool, a Uint8Array's a copy with memory of its own
  const file = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const damaged = (expected: string, received: string) =>
    new RevflowError({
      code: 'damaged-checkpoint',
      path,
      expected,
      received,
      hint: 'the file was truncated or altered; it is left as it is',
    })
  if (file.length < 8) throw damaged('a header', `${file.length} bytes`)
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const headerLength = Number(view.getBigUint64(0, true))
  if (headerLength > file.length - 8) throw damaged(`a header of ${headerLength} bytes`, `${file.length - 8} bytes`)
  const header = parseHeader(file.subarray(8, 8 + headerLength))
  if (!header) throw damaged('a JSON header of the safetensors format', 'something else')
  const { __metadata__: metadata, ...entries } = header
  const data = file.slice(8 + headerLength)
  const end = Object.values(entries).reduce((most, { data_offsets: [, to] }) => Math.max(most, to), 0)
  if (data.length !== end) throw damaged(`${end} bytes of data`, `${data.length}`)
  if (digest(metadata.meta, JSON.stringify(entries), data) !== metadata.sha256)
    throw damaged(`contents with SHA-256 ${metadata.sha256.slice(0, 12)}…`, 'other contents')
  const tensors = Object.entries(entries).map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [from, to],
      },
    ]) => {
      const bytes = data.slice(from, to)
      return [name, { dtype, shape, data: new ARRAYS[dtype](bytes.buffer) }] as const
    },
  )
  return { tensors: Object.fromEntries(tensors), meta: JSON.parse(metadata.meta) }
}

function parseHeader(bytes: Uint8Array): z.infer<typeof headerSchema> | undefined {
  try {
    return headerSchema.parse(JSON.parse(new TextDecoder().decode(bytes)))
  } catch {
    return undefined
  }
}
