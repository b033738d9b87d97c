import { broadcast_util } from '@tensorflow/tfjs-core'
import type { Graph, Value } from '../graph/graph.ts'
import { elementwiseKernels } from './elementwise.ts'
import { elementwise, type KernelTable, listOf } from './kernel.ts'

function transposeLast(g: Graph, x: Value): Value {
  const rank = x.shape.length
  const perm = x.shape.map((_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i))
  const shape = perm.map((i) => x.shape[i]!)
  return g.op('Transpose', [x], shape, x.dtype, { perm })
}

/** a·b over the last two axes. Rank 2 with a transposed operand is a Gemm; MatMul else, which ONNX Runtime fuses. */
function matMul(g: Graph, a: Value, b: Value, transposeA: boolean, transposeB: boolean): Value {
  const rows = a.shape.at(transposeA ? -1 : -2)!
  const columns = b.shape.at(transposeB ? -2 : -1)!
  if (a.shape.length === 2 && b.shape.length === 2 && (transposeA || transposeB))
    return g.op('Gemm', [a, b], [rows, columns], 'float32', { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 })
  const batch = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2))
  const left = transposeA ? transposeLast(g, a) : a
  const right = transposeB ? transposeLast(g, b) : b
  return g.op('MatMul', [left, right], [...batch, rows, columns])
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
  _FusedMatMul: (g, { a, b, bias, preluActivationWeights }, { transposeA, transposeB, activation, leakyreluAlpha }) => {
    const product = matMul(g, a!, b!, Boolean(transposeA), Boolean(transposeB))
    const x = bias ? elementwise(g, 'Add', product, bias) : product
    if (activation === 'linear') return x
    const name = (activation as string).replace(/^./, (c) => c.toUpperCase()).replace('relu', 'Relu')
    const inputs = preluActivationWeights ? { x, alpha: preluActivationWeights } : { x }
    return elementwiseKernels[name === 'LeakyRelu' || name === 'Leakyrelu' ? 'LeakyRelu' : name]!(g, inputs, {
      alpha: leakyreluAlpha,
    })
  },
  Einsum: (g, inputs, { equation }) => {
    const text = (equation as string).replace(/\s/g, '')
    const operands = listOf(inputs)
    return g.op('Einsum', operands, einsumShape(text, operands), 'float32', { equation: text })
  },
}
