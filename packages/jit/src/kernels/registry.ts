import { convKernels } from './conv.ts'
import { elementwiseKernels } from './elementwise.ts'
import { gatherKernels } from './gather.ts'
import type { KernelTable } from './kernel.ts'
import { linearKernels } from './linear.ts'
import { reductionKernels } from './reduction.ts'
import { shapeKernels } from './shape.ts'

export { views } from './shape.ts'

/** Every TensorFlow.js kernel the compiler maps to ONNX, by its TensorFlow.js name. */
export const kernels: KernelTable = {
  ...elementwiseKernels,
  ...reductionKernels,
  ...linearKernels,
  ...shapeKernels,
  ...gatherKernels,
  ...convKernels,
}
