import { flattenTree, RevflowError, type Tree, unflattenTree } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'
import { Graph } from '../graph/graph.ts'
import type { TensorSpec } from '../host-tensor.ts'
import { TRACER, TraceBackend } from './backend.ts'
import { registerKernels } from './graph-backend.ts'

/** A function of trees of tensors, as `jit` takes it. */
export type TensorFunction = (...trees: never[]) => unknown
/** A flattened tree: paths and specifications, in order. */
export type FlatSpec = readonly (readonly [path: string, spec: TensorSpec])[]

let registered: TraceBackend | undefined

/** Registers the tracing backend once, below every real backend in priority. */
function tracer(): TraceBackend {
  if (registered) return registered
  const backend = new TraceBackend()
  tf.registerBackend(TRACER, () => backend, 0)
  registerKernels(TRACER)
  registered = backend
  return backend
}

/** @throws RevflowError (`nested-jit`) while a function is traced */
export function checkNotTracing(): void {
  if (registered?.graph)
    throw new RevflowError({
      code: 'nested-jit',
      path: 'jit',
      expected: 'plain functions inside of the function being traced',
      received: 'a call of a jitted one',
      hint: 'call the function that it was made of',
    })
}

/** Makes a backend current; none: the one that TensorFlow.js chooses when it is needed, as if it never had. */
function returnTo(name: string | undefined): void {
  if (name) void tf.setBackend(name)
  else Object.assign(tf.engine(), { backendName: undefined, backendInstance: null })
}

/** What assigns variables, but none that were there before: they would be left with symbols for numbers. */
function refusing(assign: tf.Variable['assign']): tf.Variable['assign'] {
  const before = new Set(Object.values(tf.engine().registeredVariables))
  return function (this: tf.Variable, value) {
    if (!before.has(this)) return assign.call(this, value)
    throw new RevflowError({
      code: 'assigned-variable',
      path: `variable '${this.name}'`,
      expected: 'a function without side effects',
      received: 'a new value for it while tracing',
      hint: 'make it an argument of the jitted function, and its new value a part of the result',
    })
  }
}

/** Runs `body` with the tracing backend current, whatever happens. Both switches of backend are synchronous. */
function whileTracing<T>(graph: Graph, body: (backend: TraceBackend) => T): T {
  const backend = tracer()
  checkNotTracing()
  const previous: string | undefined = tf.getBackend()
  const { assign } = tf.Variable.prototype
  void tf.setBackend(TRACER)
  backend.graph = graph
  tf.Variable.prototype.assign = refusing(assign)
  try {
    return tf.tidy(() => body(backend) as unknown as tf.TensorContainer) as T
  } catch (error) {
    throw named(error)
  } finally {
    backend.graph = undefined
    tf.Variable.prototype.assign = assign
    returnTo(previous)
  }
}

/** TensorFlow.js says only that a kernel is missing; say which operation and what can be done. */
function named(error: unknown): unknown {
  const kernel = error instanceof Error ? /Kernel '(\w+)' not registered/.exec(error.message)?.[1] : undefined
  if (kernel === undefined) return error
  return new RevflowError(
    {
      code: 'unsupported-operation',
      path: `operation '${kernel}'`,
      expected: 'an operation the compiler has a mapping for',
      received: 'one it has none for',
      hint: "run the function with { engine: 'eager' }, or add the kernel to packages/jit/src/kernels",
    },
    { cause: error },
  )
}

/** @throws RevflowError (`not-a-tensor`) unless a leaf of a function's result is a tensor */
export function checkResult(leaf: unknown, path: string): tf.Tensor {
  if (leaf instanceof tf.Tensor) return leaf
  throw new RevflowError({
    code: 'not-a-tensor',
    path: path === '' ? 'result' : `result '${path}'`,
    expected: 'a tensor',
    received: kindOf(leaf),
    ...treeHint(leaf),
  })
}

/** A hint where somebody gives a list for a tree. */
export const treeHint = (value: unknown) =>
  Array.isArray(value) && { hint: 'trees are plain records: { a, b } in place of [a, b]' }

/** What a value is, in a word. */
export const kindOf = (value: unknown): string => {
  if (value === null) return 'null'
  if (typeof value !== 'object') return typeof value
  return Array.isArray(value) ? 'an array' : `an object of class ${value.constructor?.name ?? 'none'}`
}

/** Name of a graph input: `<argument index>/<path>`, the index alone where the argument is a tensor. */
const argumentName = (index: number, path: string): string => (path === '' ? `${index}` : `${index}/${path}`)
/** Name of a graph output: `out/<path>`, `out` where the result is one tensor. */
export const resultName = (path: string): string => (path === '' ? 'out' : `out/${path}`)

export interface Traced {
  readonly graph: Graph
  /** Path of each leaf of the result, in the order of the graph's outputs. */
  readonly outputs: FlatSpec
}

/**
 * Traces a function of trees of tensors, gradients included: runs it once on symbols.
 * @param args one flattened specification for each argument; named by argumentName() and resultName()
 * @throws RevflowError (`traced-value`, `unsupported-operation`, `not-a-tensor`)
 */
export function trace(fn: TensorFunction, args: readonly FlatSpec[]): Traced {
  const graph = new Graph()
  const outputs = whileTracing(graph, (backend) => {
    const trees = args.map((leaves, i) =>
      unflattenTree(
        leaves.map(([path, spec]) => [path, placeholder(backend, graph.input(argumentName(i, path), spec))]),
      ),
    )
    const leaves = flattenTree(fn(...(trees as never[])) as Tree<unknown>)
    if (leaves.length === 0) checkResult(undefined, '')
    return leaves.map(([path, leaf]): [string, TensorSpec] => {
      const value = backend.value(checkResult(leaf, path))
      graph.output(resultName(path), value)
      return [path, { shape: Object.freeze([...value.shape]), dtype: value.dtype as TensorSpec['dtype'] }]
    })
  })
  graph.prune()
  return { graph, outputs }
}

function placeholder(backend: TraceBackend, value: ReturnType<Graph['input']>): tf.Tensor {
  const { dataId, shape, dtype } = backend.info(value)
  return tf.engine().makeTensorFromDataId(dataId, shape, dtype, backend)
}
