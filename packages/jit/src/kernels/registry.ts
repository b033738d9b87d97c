import { convKernels } from './conv.ts'
import { elementwiseKernels } from './elementwise.ts'
import { gatherKernels } from './gather.ts'
import type { KernelTable } from './kernel.ts'
import { linearKernels } from './linear.ts'
import { reductionKernels } from './reduction.ts'
import { shapeKernels, views } from './shape.ts'

export { views }

const groups = {
  Elementwise: elementwiseKernels,
  'Reductions and scans': reductionKernels,
  'Matrix products': linearKernels,
  'Shapes and constants': shapeKernels,
  'Gather and scatter': gatherKernels,
  'Convolutions and poolings': convKernels,
}

/** Every TensorFlow.js kernel the compiler maps to ONNX, by its TensorFlow.js name. */
export const kernels: KernelTable = Object.assign({}, ...Object.values(groups))

/** Names of all kernels that can be compiled, by group. */
export const supportedKernels: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries({ ...groups, Views: views }).map(([group, table]) => [group, Object.keys(table).sort()]),
)
