import { RevflowError } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'
import type { Graph, Value } from '../graph/graph.ts'
import type { DType } from '../host-tensor.ts'

export const TRACER = 'revflow-trace'

/** What a traced data id stands for: a value of the graph being traced, or a constant that is known. */
type Entry = { refCount: number } & ({ graph: Graph; value: Value } | { values: tf.backend_util.TypedArray })

const DTYPES: readonly string[] = ['float32', 'int32', 'bool']

/** @throws RevflowError (`unsupported-dtype`) for complex64 and string */
export function checkDtype(dtype: tf.DataType, path: string): DType {
  if (DTYPES.includes(dtype)) return dtype as DType
  throw new RevflowError({ code: 'unsupported-dtype', path, expected: `one of ${DTYPES.join(', ')}`, received: dtype })
}

/** The frame of the caller's own code that an error comes from, for messages. */
function callerFrame(): string {
  const frames = (new Error().stack ?? '').split('\n').slice(1)
  const own = frames.find((frame) => !/node_modules|[\\/]jit[\\/](src|dist)[\\/]|node:internal/.test(frame))
  return own?.trim().replace(/^at /, '') ?? 'unknown place'
}

/** A TensorFlow.js backend whose kernels append to a graph; a tensor made from numbers stays a readable constant. */
export class TraceBackend extends tf.KernelBackend {
  readonly #entries = new tf.DataStorage<Entry>(this, tf.engine())
  graph: Graph | undefined

  /** The graph value behind a tensor; constants become initialisers of the graph being traced. */
  value({ dataId, shape, dtype }: tf.TensorInfo): Value {
    const entry = this.#entries.get(dataId)
    if ('values' in entry) return this.#graph().constant(checkDtype(dtype, 'constant'), shape, entry.values)
    if (entry.graph !== this.graph)
      throw new RevflowError({
        code: 'escaped-value',
        path: `traced tensor of shape [${shape}]`,
        expected: 'a value of the function being traced',
        received: 'one kept from an earlier trace',
        hint: 'return it from the jitted function instead of storing it outside',
      })
    return entry.value
  }

  /** A tensor that stands for a graph value. */
  info(value: Value): tf.TensorInfo {
    const dataId = {}
    this.#entries.set(dataId, { refCount: 1, graph: this.#graph(), value })
    return { dataId, shape: [...value.shape], dtype: value.dtype as DType }
  }

  override write(values: tf.BackendValues, _shape: number[], dtype: tf.DataType): object {
    const dataId = {}
    this.move(dataId, values, _shape, dtype, 1)
    return dataId
  }

  override move(dataId: object, values: tf.BackendValues, _: number[], dtype: tf.DataType, refCount: number): void {
    checkDtype(dtype, 'constant')
    this.#entries.set(dataId, { refCount, values: values as tf.backend_util.TypedArray })
  }

  override readSync(dataId: object): tf.BackendValues {
    const entry = this.#entries.get(dataId)
    if ('values' in entry) return entry.values
    throw new RevflowError({
      code: 'traced-value',
      path: `value of shape [${entry.value.shape}]`,
      expected: 'computation with TensorFlow.js operations only',
      received: `its numbers being read while tracing, at ${callerFrame()}`,
      hint: 'use tf.where instead of a branch on a value, or return the value and read it after the call',
    })
  }

  override async read(dataId: object): Promise<tf.BackendValues> {
    return this.readSync(dataId)
  }

  override refCount(dataId: object): number {
    return this.#entries.has(dataId) ? this.#entries.get(dataId).refCount : 0
  }

  override incRef(dataId: object): void {
    this.#entries.get(dataId).refCount += 1
  }

  override disposeData(dataId: object, force = false): boolean {
    if (!this.#entries.has(dataId)) return true
    const entry = this.#entries.get(dataId)
    entry.refCount -= 1
    if (!force && entry.refCount > 0) return false
    this.#entries.delete(dataId)
    return true
  }

  override numDataIds(): number {
    return this.#entries.numDataIds()
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true }
  }

  override floatPrecision(): 16 | 32 {
    return 32
  }

  override epsilon(): number {
    return 1e-7
  }

  override dispose(): void {}

  #graph(): Graph {
    if (this.graph) return this.graph
    throw new RevflowError({
      code: 'not-tracing',
      path: `backend '${TRACER}'`,
      expected: 'use through jit()',
      received: 'an operation outside of it',
    })
  }
}
