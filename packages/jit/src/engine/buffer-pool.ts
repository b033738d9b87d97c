import { allocate, type DType, type HostTensor, type TensorData, type TensorSpec, typeName } from '../host-tensor.ts'

/** Memory given back by donated inputs, to be written by later calls: of each type and shape no more than one call makes. */
export class BufferPool {
  readonly #free = new Map<string, TensorData[DType][]>()
  readonly #buffers = new Set<ArrayBufferLike>()
  readonly #most = new Map<string, number>()

  constructor(outputs: readonly TensorSpec[]) {
    for (const key of outputs.map(typeName)) this.#most.set(key, (this.#most.get(key) ?? 0) + 1)
  }

  take(spec: TensorSpec): TensorData[DType] {
    const data = this.#free.get(typeName(spec))?.pop()
    if (data) this.#buffers.delete(data.buffer)
    return data ?? allocate(spec.dtype, spec.shape)
  }

  give(tensor: HostTensor): void {
    const key = typeName(tensor)
    const data = tensor.release()
    const free = this.#free.get(key) ?? []
    this.#free.set(key, free)
    // several tensors may lie in one buffer: results written there would be one another's
    if (data.byteLength < data.buffer.byteLength || this.#buffers.has(data.buffer)) return
    if (free.length >= (this.#most.get(key) ?? 0)) return
    free.push(data)
    this.#buffers.add(data.buffer)
  }
}
