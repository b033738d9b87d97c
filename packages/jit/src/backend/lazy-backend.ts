import { createHash } from 'node:crypto'
import { RevflowError } from '@revflow/core'
import type * as tf from '@tensorflow/tfjs-core'
import { type NativeSession, nativeRuntime } from '../engine/native-runtime.ts'
import type { Model } from '../engine/onnx.ts'
import { encodeModel } from '../graph/encode.ts'
import { Graph, type Value } from '../graph/graph.ts'
import { allocate, type DType, HostTensor, sizeOf, type TensorData, type TensorSpec } from '../host-tensor.ts'
import type { Attrs } from '../kernels/kernel.ts'
import { type Entry, GraphBackend } from '../trace/graph-backend.ts'

type Recorded = Extract<Entry, { graph: Graph }>

/** Nodes after which what was recorded runs though nobody has asked for a number. */
const MOST_NODES = 2000
/** Bytes of disposed tensors that the recording reads, after which it runs likewise. */
const MOST_BYTES = 2 ** 26
/** Compiled graphs kept; the least recently used goes first. */
const MOST_SESSIONS = 256
/** Below so many multiplications and additions a second thread costs more than it saves. */
const THREADING_FLOPS = 1e7

/**
 * Records kernels and runs them when a number is asked for, all values that are still alive at once. Equal recordings,
 * as those of a training loop are, share one compiled graph: known numbers are its inputs.
 */
export class LazyBackend extends GraphBackend {
  #graph = new Graph()
  /** Values of the graph that stand for known numbers, and these. */
  #inputs = new Map<object, Value>()
  #feeds: Record<string, HostTensor> = {}
  /** Bytes of inputs that are disposed of, and alive only for the recording. */
  #held = 0
  /** Recorded values that are still alive. */
  readonly #pending = new Map<object, Recorded>()
  /** Why there are no numbers of values that ran. */
  readonly #failures = new WeakMap<Recorded, unknown>()
  readonly #sessions = new Map<string, NativeSession>()

  override get recording(): Graph {
    return this.#graph
  }

  protected override admit(dataId: object, dtype: DType, values: ArrayLike<number>, shape: readonly number[]): Value {
    const known = this.#inputs.get(dataId)
    if (known) return known
    const value = this.#graph.input(`i${this.#inputs.size}`, { dtype, shape })
    this.#feeds[value.name] = new HostTensor(dtype, shape, values as Float32Array)
    this.#inputs.set(dataId, value)
    return value
  }

  protected override current(entry: Recorded): Value {
    if (entry.graph === this.#graph) return entry.value
    const cause = this.#failures.get(entry)
    throw new RevflowError(
      {
        code: 'lost-value',
        path: `tensor of shape [${entry.value.shape}]`,
        expected: 'a value that was computed',
        received: 'one whose computation failed before',
        ...(cause instanceof Error && { hint: cause.message }),
      },
      { cause },
    )
  }

  override record(name: string, inputs: tf.NamedTensorInfoMap, attrs: Attrs): tf.TensorInfo | tf.TensorInfo[] {
    if (this.#graph.nodes.length >= MOST_NODES || this.#held >= MOST_BYTES) this.flush()
    return super.record(name, inputs, attrs)
  }

  override info(value: Value): tf.TensorInfo {
    const info = super.info(value)
    this.#pending.set(info.dataId, this.entries.get(info.dataId) as Recorded)
    return info
  }

  /** The numbers are copied: what is recorded now must not change when the caller reuses the array. */
  override move(dataId: object, values: tf.BackendValues, shape: number[], dtype: tf.DataType, refs: number): void {
    super.move(dataId, values.slice() as tf.BackendValues, shape, dtype, refs)
  }

  /** A copy, for the same reason. */
  override readSync(dataId: object): tf.BackendValues {
    const known = this.entries.get(dataId)
    if ('graph' in known) {
      this.current(known)
      this.flush()
    }
    const entry = this.entries.get(dataId)
    if ('values' in entry) return entry.values.slice() as tf.BackendValues
    throw this.#failures.get(entry)
  }

  override disposeData(dataId: object, force?: boolean): boolean {
    if (!super.disposeData(dataId, force)) return false
    this.#pending.delete(dataId)
    this.#held += 4 * sizeOf(this.#inputs.get(dataId)?.shape ?? [0])
    // what nothing alive needs is forgotten
    if (this.#pending.size === 0) this.#begin()
    return true
  }

  #begin(): void {
    this.#graph = new Graph()
    this.#inputs = new Map()
    this.#feeds = {}
    this.#held = 0
    this.#pending.clear()
  }

  /** Runs what was recorded: every value that is alive has its numbers afterwards, or a failure. */
  flush(): void {
    const graph = this.#graph
    const feeds = this.#feeds
    const alive = [...this.#pending].filter(([, entry]) => entry.graph === graph)
    this.#begin()
    const [empty, wanted] = [0, 1].map((least) =>
      alive.filter(([, { value }]) => Math.min(1, sizeOf(value.shape)) === least),
    ) as [typeof alive, typeof alive]
    for (const [dataId, { value }] of empty) this.#settle(dataId, allocate(value.dtype as DType, value.shape))
    if (wanted.length > 0) this.#compute(graph, feeds, wanted)
  }

  /** Of values that fail together, each half is tried alone: only what depends on a failure is lost. */
  #compute(
    graph: Graph,
    feeds: Readonly<Record<string, HostTensor>>,
    wanted: readonly (readonly [object, Recorded])[],
  ): void {
    const part = new Graph()
    for (const list of ['nodes', 'initializers', 'inputs'] as const) part[list].push(...(graph[list] as never[]))
    const outputs = wanted.map(([, { value }], i) => [`o${i}`, value as TensorSpec] as const)
    for (const [i, [, { value }]] of wanted.entries()) part.output(outputs[i]![0], value)
    part.prune()
    try {
      const results = outputs.map(([, { dtype, shape }]) => new HostTensor(dtype, shape, allocate(dtype, shape)))
      const inputs = part.inputs.map(({ name }) => feeds[name]!)
      this.#session(part, outputs).run(inputs, results)
      for (const [i, [dataId]] of wanted.entries()) this.#settle(dataId, results[i]!.data)
    } catch (error) {
      const half = Math.ceil(wanted.length / 2)
      if (wanted.length === 1) this.#failures.set(wanted[0]![1], error)
      else for (const some of [wanted.slice(0, half), wanted.slice(half)]) this.#compute(graph, feeds, some)
    }
  }

  #settle(dataId: object, values: TensorData[DType]): void {
    const { refCount } = this.entries.get(dataId)
    this.entries.delete(dataId)
    this.entries.set(dataId, { refCount, values })
  }

  /** @throws RevflowError (`engine-missing`) where there is no ONNX Runtime that computes at once */
  #session(graph: Graph, outputs: Model['outputs']): NativeSession {
    const bytes = encodeModel(graph)
    const key = createHash('sha1').update(bytes).digest('base64')
    const model = { bytes, inputs: graph.inputs.map(({ name }) => name), outputs }
    const threads = graph.flops() < THREADING_FLOPS ? 1 : 0
    const session = this.#sessions.get(key) ?? nativeRuntime().open(model, { threads })
    this.#sessions.delete(key)
    this.#sessions.set(key, session)
    if (this.#sessions.size > MOST_SESSIONS) {
      const [oldest, unused] = this.#sessions.entries().next().value!
      this.#sessions.delete(oldest)
      unused.release()
    }
    return session
  }

  override async time(f: () => void): Promise<tf.BackendTimingInfo> {
    this.flush()
    const start = performance.now()
    f()
    this.flush()
    return { kernelMs: performance.now() - start }
  }

  override dispose(): void {
    for (const session of this.#sessions.values()) session.release()
    this.#sessions.clear()
  }
}
