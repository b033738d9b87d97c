import type { Graph, Value } from '../graph/graph.ts'
import { elementwiseKernels } from './elementwise.ts'
import type { Attrs } from './kernel.ts'

/** Kernels by the names that fused kernels give their activations. */
const ACTIVATIONS: Readonly<Record<string, string>> = {
  relu: 'Relu',
  relu6: 'Relu6',
  elu: 'Elu',
  prelu: 'Prelu',
  leakyrelu: 'LeakyRelu',
  sigmoid: 'Sigmoid',
}

/** The activation of a fused kernel; `alpha` holds the weights of prelu. */
export function activate(g: Graph, x: Value, { activation, leakyreluAlpha }: Attrs, alpha?: Value): Value {
  if (activation === undefined || activation === null || activation === 'linear') return x
  const kernel = elementwiseKernels[ACTIVATIONS[activation as string]!]!
  return kernel(g, alpha ? { x, alpha } : { x }, { alpha: leakyreluAlpha }) as Value
}
