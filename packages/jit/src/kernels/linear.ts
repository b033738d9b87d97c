import { backend_util, broadcast_util, util } from '@tensorflow/tfjs-core'
import type { Graph, Value } from '../graph/graph.ts'
import { activate } from './activation.ts'
import { cast, countable } from './elementwise.ts'
import { elementwise, expand, type KernelTable, listOf } from './kernel.ts'
import { reshape, transpose } from './shape.ts'

function transposeLast(g: Graph, x: Value): Value {
  const rank = x.shape.length
  return transpose(
    g,
    x,
    x.shape.map((_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i)),
  )
}

/** The row [1, k] that a matrix repeats, where it was made so. */
function oneRow(g: Graph, a: Value): Value | undefined {
  const source = g.unexpanded(a)
  if (source === a || (source.shape.length === 2 && source.shape[0] !== 1)) return undefined
  return expand(g, reshape(g, source, [1, source.shape.at(-1) ?? 1]), [1, a.shape[1]!])
}

/**
 * a·b over the last two axes. Rank 2 with a transposed operand is a Gemm, which has no integers; MatMul else, which ONNX
 * Runtime fuses.
 */
function matMul(g: Graph, a: Value, b: Value, transposeA: boolean, transposeB: boolean): Value {
  const [left, right] = [a.shape.at(transposeA ? -2 : -1), b.shape.at(transposeB ? -1 : -2)]
  util.assert(
    a.shape.length >= 2 && b.shape.length >= 2 && left === right,
    () =>
      `matMul: expected [m, k] and [k, n], received [${a.shape}] and [${b.shape}]${transposeA ? ', first transposed' : ''}${transposeB ? ', second transposed' : ''}`,
  )
  const rows = a.shape.at(transposeA ? -1 : -2)!
  const columns = b.shape.at(transposeB ? -2 : -1)!
  if (a.shape.length === 2 && b.shape.length === 2 && rows > 1 && !transposeA) {
    const row = oneRow(g, a)
    if (row) return expand(g, matMul(g, row, b, false, transposeB), [rows, columns])
  }
  if (a.dtype === 'float32' && a.shape.length === 2 && b.shape.length === 2 && (transposeA || transposeB))
    return g.op('Gemm', [a, b], [rows, columns], 'float32', { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 })
  const batch = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2))
  const operands = [transposeA ? transposeLast(g, a) : a, transposeB ? transposeLast(g, b) : b]
  return g.op('MatMul', operands, [...batch, rows, columns])
}

/** The shape an einsum equation gives: each output letter's size. */
function einsumShape(equation: string, operands: readonly Value[]): number[] {
  const [left, right] = equation.split('->')
  const sizes = new Map<string, number>()
  for (const [i, letters] of left!.split(',').entries())
    for (const [axis, letter] of [...letters].entries()) sizes.set(letter, operands[i]!.shape[axis]!)
  return [...right!].map((letter) => sizes.get(letter)!)
}

/** Matrix products. */
export const linearKernels: KernelTable = {
  BatchMatMul: (g, { a, b }, { transposeA, transposeB }) => matMul(g, a!, b!, Boolean(transposeA), Boolean(transposeB)),
  _FusedMatMul: (g, { a, b, bias, preluActivationWeights }, attrs) => {
    const product = matMul(g, a!, b!, Boolean(attrs.transposeA), Boolean(attrs.transposeB))
    const x = bias ? elementwise(g, 'Add', product, bias) : product
    return activate(g, x, attrs, preluActivationWeights)
  },
  Einsum: (g, inputs, { equation }) => {
    const text = (equation as string).replace(/\s/g, '')
    const operands = listOf(inputs).map((x) => countable(g, x))
    const { allDims, idDims } = backend_util.decodeEinsumEquation(text, operands.length)
    backend_util.checkEinsumDimSizes(allDims.length, idDims, operands as never)
    const shape = einsumShape(text, operands)
    const result = g.op('Einsum', operands, shape, operands[0]!.dtype, { equation: text })
    // where nothing is summed there is nothing to count
    return shape.length < allDims.length ? result : cast(g, result, inputs[0]!.dtype)
  },
}
