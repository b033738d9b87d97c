import { checkTensorflow, flattenTree, parseOptions, RevflowError, type Tree } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'
import { z } from 'zod'
import type { CompileStats, Engine } from './engine/engine.ts'
import { tensorsOf } from './forms.ts'
import { correctGradients } from './gradients.ts'
import { encodeModel } from './graph/encode.ts'
import { checkDtype, type DType, HostTensor, type TensorData, type TensorSpec } from './host-tensor.ts'
import { Specialisations } from './specialisations.ts'
import { checkNotTracing, kindOf, type TensorFunction, trace, treeHint } from './trace/trace.ts'

/** Options that every engine has. */
export const sharedOptions = {
  /** Arguments whose tensors the call may consume: their memory is written by later calls. */
  donate: z.array(z.int().nonnegative()).default([]),
  /** Sets of shapes kept compiled; the one used longest ago leaves first. */
  specialisations: z.int().positive().default(32),
}
interface SharedOptions {
  readonly donate: readonly number[]
  readonly specialisations: number
}

/** What no tree has: it is nothing that any value could be, or be used as. */
export interface NotATree {
  readonly 'expected tensors, or plain records of them': unique symbol
}
type Other = readonly unknown[] | PromiseLike<unknown> | string | number | boolean | bigint | symbol | null

/** Arguments of a jitted function: the function's own trees with tensors on the host (or TensorFlow.js tensors). */
export type HostArgument<T> = T extends tf.Tensor
  ? HostTensor | tf.Tensor
  : T extends Other
    ? NotATree
    : { readonly [K in keyof T]: HostArgument<T[K]> }
/** Result of a jitted function: the function's own tree with tensors on the host. */
export type HostResult<T> = T extends tf.Tensor
  ? HostTensor
  : T extends Other
    ? NotATree
    : { readonly [K in keyof T]: HostResult<T[K]> }

/** What a jitted function has done so far. */
export interface JitStats {
  /** The engine that runs it, as in the options. */
  readonly engine: string
  /** Calls made. */
  readonly calls: number
  /** Compilations made. */
  readonly compilations: number
  /** One entry for each set of shapes that is kept compiled. */
  readonly specialisations: readonly CompileStats[]
}

/** A compiled function: called like the one it is made of, with tensors on the host, and giving a promise of its result. */
export interface Jitted<A extends readonly unknown[], R> {
  (...trees: { readonly [I in keyof A]: HostArgument<A[I]> }): Promise<HostResult<R>>
  /** Calls and compilations up to now. */
  stats(): JitStats
  /** Frees what the engine holds, once calls under way have returned. */
  dispose(): Promise<void>
}

/** A function that `engine` compiles, once for each set of shapes. */
export function jitted<A extends readonly unknown[], R>(
  engine: Engine,
  fn: (...trees: A) => R,
  { donate, specialisations }: SharedOptions,
): Jitted<A, R> {
  checkTensorflow(tf)
  correctGradients()
  const cache = new Specialisations((args) => engine.compile(fn as unknown as TensorFunction, args), specialisations)
  let calls = 0

  const call = (...trees: readonly unknown[]) => {
    // at once, not by the promise, which a function being traced would take for a tensor and leave
    checkNotTracing()
    return run(trees)
  }
  const run = async (trees: readonly unknown[]) => {
    calls += 1
    const known = cache.latest && tensorsOf(trees, cache.latest.forms)
    if (known) {
      const donated = new Set(donate.flatMap((i) => known[i] ?? []))
      const inputs = ([] as HostTensor[]).concat(...known) // flat() takes thirty times as long
      return cache.again((executable) => executable.run(inputs, [...donated]))
    }
    for (const i of donate) checkDonated(i, trees.length)
    const args = trees.map((tree, i) => hostLeaves(tree, i))
    const donated = new Set(donate.flatMap((i) => args[i] ?? []).flatMap(([, t]) => (t.owned ? [t.tensor] : [])))
    const inputs = args.flatMap((leaves) => leaves.map(([, leaf]) => leaf.tensor))
    return cache.use(args, (executable) => executable.run(inputs, [...donated]))
  }

  return Object.assign(call as unknown as Jitted<A, R>, {
    stats: () => ({
      engine: engine.name,
      calls,
      compilations: cache.compilations,
      specialisations: cache.executables.map(({ stats }) => stats),
    }),
    dispose: () => cache.dispose(),
  })
}

function checkDonated(index: number, length: number): void {
  if (index < length) return
  throw new RevflowError({
    code: 'invalid-option',
    path: 'jit.donate',
    expected: `indices of the ${length} arguments, from 0`,
    received: `${index}`,
  })
}

interface Leaf extends TensorSpec {
  readonly tensor: HostTensor
  /** Whether the memory is a HostTensor's own, which may be donated; a TensorFlow.js tensor keeps its memory. */
  readonly owned: boolean
}

function hostLeaves(tree: unknown, index: number): (readonly [path: string, leaf: Leaf])[] {
  return flattenTree(tree as Tree<unknown>).map(([path, leaf]) => {
    if (leaf instanceof HostTensor) return [path, { dtype: leaf.dtype, shape: leaf.shape, tensor: leaf, owned: true }]
    const place = path === '' ? `argument ${index}` : `argument ${index}, '${path}'`
    if (leaf instanceof tf.Tensor) {
      const dtype = checkDtype(leaf.dtype, place)
      const tensor = new HostTensor(dtype, leaf.shape, leaf.dataSync() as TensorData[DType])
      return [path, { dtype, shape: leaf.shape, tensor, owned: false }]
    }
    throw new RevflowError({
      code: 'not-a-tensor',
      path: place,
      expected: 'a HostTensor or a TensorFlow.js tensor',
      received: kindOf(leaf),
      hint: 'HostTensor.from() makes one of numbers; values that never change belong into a closure',
      ...treeHint(leaf),
    })
  })
}

/** Shapes and types of arguments: the function's own trees with `{ shape, dtype }`, or any tensor, at the leaves. */
export type SpecArgument<T> = T extends tf.Tensor
  ? { readonly shape: readonly number[]; readonly dtype?: string }
  : T extends Other
    ? NotATree
    : { readonly [K in keyof T]: SpecArgument<T[K]> }

const specSchema = z.object({
  shape: z.array(z.int().nonnegative()).readonly(),
  dtype: z.enum(['float32', 'int32', 'bool']).default('float32'),
})

function specLeaves(node: unknown, path: string): [string, TensorSpec][] {
  if (typeof node === 'object' && node !== null && !Array.isArray((node as Partial<TensorSpec>).shape))
    return Object.entries(node).flatMap(([key, child]) => specLeaves(child, path === '' ? key : `${path}/${key}`))
  const { shape, dtype } = (node ?? {}) as Partial<TensorSpec>
  return [[path, parseOptions(specSchema, { shape, dtype }, path === '' ? 'specification' : `specification '${path}'`)]]
}

/**
 * Exports a function as an ONNX model (opset 21) that any ONNX runtime can run. Inputs are called `<argument index>/<path>`
 * and outputs `out/<path>`, without the path where an argument, or the result, is a single tensor.
 * @param specs shapes and types of the arguments; a dtype left out is float32
 * @throws RevflowError as jit() does while tracing, and where a specification is none
 * @example writeFileSync('net.onnx', exportOnnx(net, { w: { shape: [3, 2] } }, { shape: [1, 3] }))
 */
export function exportOnnx<A extends readonly unknown[], R>(
  fn: (...trees: A) => R,
  ...specs: { readonly [I in keyof A]: SpecArgument<A[I]> }
): Uint8Array {
  correctGradients()
  const args = specs.map((tree) => specLeaves(tree, ''))
  return encodeModel(trace(fn as unknown as TensorFunction, args).graph)
}
