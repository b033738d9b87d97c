import * as tf from '@tensorflow/tfjs-core'
import type { Graph, Value } from '../graph/graph.ts'
import { checkDtype, type DType } from '../host-tensor.ts'
import type { Attrs } from '../kernels/kernel.ts'
import { kernels, views } from '../kernels/registry.ts'
import { reshape } from '../kernels/shape.ts'

/** What a data id stands for: a value of a graph, or numbers that are known. */
export type Entry = { refCount: number } & ({ graph: Graph; value: Value } | { values: tf.BackendValues })

/**
 * A TensorFlow.js backend whose kernels append to a graph. A tensor made from numbers keeps them; how they enter a
 * graph, and what reading a value of a graph does, is a subclass's matter.
 */
export abstract class GraphBackend extends tf.KernelBackend {
  protected readonly entries = new tf.DataStorage<Entry>(this, tf.engine())

  /** The graph that kernels append to. */
  abstract readonly recording: Graph
  /** The value of the graph that stands for known numbers. */
  protected abstract admit(dataId: object, dtype: DType, values: ArrayLike<number>, shape: readonly number[]): Value
  /** The value of an entry as the recorded graph knows it. */
  protected abstract current(entry: Extract<Entry, { graph: Graph }>): Value

  /** The graph value behind a tensor; `path` names its place, should it have a type that there is none for. */
  value({ dataId, shape, dtype }: tf.TensorInfo, path = 'result'): Value {
    const entry = this.entries.get(dataId)
    const value =
      'values' in entry
        ? this.admit(dataId, checkDtype(dtype, path), entry.values as tf.TypedArray, shape)
        : this.current(entry)
    return reshape(this.recording, value, shape)
  }

  /** A tensor that stands for a graph value. */
  info(value: Value): tf.TensorInfo {
    const dataId = {}
    this.entries.set(dataId, { refCount: 1, graph: this.recording, value })
    return { dataId, shape: [...value.shape], dtype: value.dtype as DType }
  }

  /** Appends the kernel of that name to the graph. */
  record(name: string, inputs: tf.NamedTensorInfoMap, attrs: Attrs): tf.TensorInfo | tf.TensorInfo[] {
    const given = Object.entries(inputs ?? {}).filter(([, input]) => input != null)
    const values = given.map(([key, input]) => [key, this.value(input!, `operation '${name}', operand '${key}'`)])
    const result = kernels[name]!(this.recording, Object.fromEntries(values), attrs)
    return 'name' in result ? this.info(result) : result.map((value) => this.info(value))
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): object {
    const dataId = {}
    this.move(dataId, values, shape, dtype, 1)
    return dataId
  }

  override move(dataId: object, values: tf.BackendValues, _: number[], __: tf.DataType, refCount: number): void {
    this.entries.set(dataId, { refCount, values })
  }

  override async read(dataId: object): Promise<tf.BackendValues> {
    return this.readSync(dataId)
  }

  override refCount(dataId: object): number {
    return this.entries.has(dataId) ? this.entries.get(dataId).refCount : 0
  }

  override incRef(dataId: object): void {
    this.entries.get(dataId).refCount += 1
  }

  override disposeData(dataId: object, force = false): boolean {
    if (!this.entries.has(dataId)) return true
    const entry = this.entries.get(dataId)
    entry.refCount -= 1
    if (!force && entry.refCount > 0) return false
    this.entries.delete(dataId)
    return true
  }

  override numDataIds(): number {
    return this.entries.numDataIds()
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true }
  }

  override floatPrecision(): 16 | 32 {
    return 32
  }

  override dispose(): void {}
}

/** Registers every kernel of the compiler for a backend made of a GraphBackend. */
export function registerKernels(backendName: string): void {
  for (const [kernelName, shapeOf] of Object.entries(views))
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) => {
        const { dataId, shape, dtype } = Object.values(inputs)[0] as tf.TensorInfo
        ;(backend as GraphBackend).incRef(dataId)
        return { dataId, shape: shapeOf(shape, attrs ?? {}), dtype }
      },
    })
  for (const kernelName of Object.keys(kernels))
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) =>
        (backend as GraphBackend).record(kernelName, inputs as tf.NamedTensorInfoMap, attrs ?? {}),
    })
}
