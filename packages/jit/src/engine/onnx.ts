import { RevflowError } from '@revflow/core'
import { treeBuilder } from '../forms.ts'
import { encodeModel } from '../graph/encode.ts'
import { optimise } from '../graph/optimise.ts'
import type { HostTensor, TensorSpec } from '../host-tensor.ts'
import { resultName, trace } from '../trace/trace.ts'
import type { Engine } from './engine.ts'

/** An encoded graph, with the names of what it is fed and of what it gives, in order. */
export interface Model {
  readonly bytes: Uint8Array
  readonly inputs: readonly string[]
  readonly outputs: readonly (readonly [name: string, spec: TensorSpec])[]
}

/** A model loaded into an ONNX runtime. */
export interface Session {
  /**
   * Computes the outputs, in order.
   * @param donated inputs whose memory may hold results of later calls
   */
  run(inputs: readonly HostTensor[], donated: readonly HostTensor[]): Promise<readonly HostTensor[]>
  release(): Promise<void>
}

/** Says in a user's words that an index is out of bounds: a negative one reaches ONNX Runtime as −2³¹ (kernels/gather.ts). */
function explain(cause: unknown): never {
  const index = cause instanceof Error ? /(?:idx|index|indice) ?= ?(-?\d+)/.exec(cause.message)?.[1] : undefined
  if (index === undefined) throw cause
  throw new RevflowError(
    {
      code: 'index-out-of-bounds',
      path: 'an index of a gather or scatter',
      expected: 'none below 0, nor beyond the axis',
      received: Number(index) < 0 ? 'a negative one' : index,
    },
    { cause },
  )
}

/** Traces the function into one ONNX graph, and runs it in sessions that `open` makes. */
export function onnxEngine(name: string, open: (model: Model) => Promise<Session>): Engine {
  return {
    name,
    async compile(fn, args) {
      const start = performance.now()
      const { graph, outputs } = trace(fn, args)
      optimise(graph)
      const given = [...graph.inputs]
      graph.dropUnusedInputs()
      const fed = graph.inputs.map((input) => given.indexOf(input))
      const bytes = encodeModel(graph)
      const traced = performance.now()
      const session = await open({
        bytes,
        inputs: graph.inputs.map((input) => input.name),
        outputs: outputs.map(([path, spec]) => [resultName(path), spec]),
      })
      const compiled = performance.now()
      const build = treeBuilder<HostTensor>(outputs.map(([path]) => path))
      return {
        stats: {
          nodes: graph.nodes.length,
          flops: graph.flops(),
          traceMs: traced - start,
          compileMs: compiled - traced,
          modelBytes: bytes.length,
        },
        async run(inputs, donated) {
          const read = fed.map((i) => inputs[i]!)
          return build(await session.run(read, donated).catch(explain))
        },
        dispose: () => session.release(),
      }
    },
  }
}
