import { RevflowError } from '@revflow/core'
import type * as tf from '@tensorflow/tfjs-core'
import type { Graph, Value } from '../graph/graph.ts'
import type { DType } from '../host-tensor.ts'
import { type Entry, GraphBackend } from './graph-backend.ts'

export const TRACER = 'revflow-trace'

/** Where this package lies. */
const { pathname: OWN } = new URL('..', import.meta.url)

/** The first frame outside of TensorFlow.js and this package, for messages. */
function callerFrame(): string {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 100
  const frames = (new Error().stack ?? '').split('\n').slice(1)
  Error.stackTraceLimit = limit
  const caller = frames.find(
    (frame) => !frame.includes(OWN) && !/[\\/]@tensorflow[\\/]|node:internal|<anonymous>\)?$/.test(frame),
  )
  return caller?.trim().replace(/^at /, '') ?? 'unknown place'
}

/** Records one function: numbers become constants, and reading a recorded value is an error. */
export class TraceBackend extends GraphBackend {
  graph: Graph | undefined

  override get recording(): Graph {
    if (this.graph) return this.graph
    throw new RevflowError({
      code: 'not-tracing',
      path: `backend '${TRACER}'`,
      expected: 'use through jit()',
      received: 'an operation outside of it',
    })
  }

  protected override admit(_: object, dtype: DType, values: ArrayLike<number>, shape: readonly number[]): Value {
    return this.recording.constant(dtype, shape, values)
  }

  protected override current({ graph, value }: Extract<Entry, { graph: Graph }>): Value {
    if (graph === this.graph) return value
    throw new RevflowError({
      code: 'escaped-value',
      path: `traced tensor of shape [${value.shape}]`,
      expected: 'a value of the function being traced',
      received: 'one kept from an earlier trace',
      hint: 'return it from the jitted function instead of storing it outside',
    })
  }

  override readSync(dataId: object): tf.BackendValues {
    const entry = this.entries.get(dataId)
    if ('values' in entry) return entry.values
    this.current(entry)
    throw new RevflowError({
      code: 'traced-value',
      path: `value of shape [${entry.value.shape}]`,
      expected: 'computation with TensorFlow.js operations only',
      received: `its numbers being read while tracing, at ${callerFrame()}`,
      hint: 'use tf.where instead of a branch on a value, or return the value and read it after the call',
    })
  }
}
