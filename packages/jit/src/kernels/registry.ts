import type { Value } from '../graph/graph.ts'
import { convKernels } from './conv.ts'
import { cast, convert, elementwiseKernels } from './elementwise.ts'
import { gatherKernels } from './gather.ts'
import type { Kernel, KernelTable } from './kernel.ts'
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

/** Kernels that take operands of every type, or cast them themselves. */
const EVERY_TYPE = new Set([
  ...['Shapes and constants', 'Gather and scatter'].flatMap((group) =>
    Object.keys(groups[group as keyof typeof groups]),
  ),
  ...['Cast', 'Equal', 'Exp', 'LeakyRelu', 'LogicalAnd', 'LogicalNot', 'LogicalOr', 'NotEqual', 'Prelu', 'Select'],
  ...['All', 'Any', 'ArgMax', 'ArgMin', 'Cumprod', 'Cumsum', 'Einsum', 'Max', 'Mean', 'Min', 'Prod', 'Sum'],
])
/** Kernels that ONNX Runtime computes in int32 too. */
const INTEGERS = new Set([
  ...['Abs', 'Add', 'AddN', 'BitwiseAnd', 'ClipByValue', 'FloorDiv', 'Greater', 'GreaterEqual', 'Less', 'LessEqual'],
  ...['Maximum', 'Minimum', 'Mod', 'Multiply', 'Neg', 'Pow', 'Relu', 'Relu6', 'Round', 'Sign', 'Square'],
  ...['SquaredDifference', 'Step', 'Sub', 'BatchMatMul', 'TopK'],
])

/**
 * A kernel for operands of every type: those that ONNX Runtime lacks it for are computed in float32, and the result cast
 * back, as TensorFlow.js computes them in double precision.
 */
const ofEveryType = (name: string, kernel: Kernel): Kernel =>
  EVERY_TYPE.has(name)
    ? kernel
    : (g, inputs, attrs) => {
        const dtype = Object.values(inputs)[0]!.dtype
        if (dtype === 'float32' || (dtype === 'int32' && INTEGERS.has(name))) return kernel(g, inputs, attrs)
        const floats = Object.entries(inputs).map(([key, input]) => [key, cast(g, input, 'float32')])
        const result = kernel(g, Object.fromEntries(floats), attrs)
        const back = (x: Value) => (x.dtype === 'float32' ? convert(g, convert(g, x, 'int32'), dtype) : x)
        return 'name' in result ? back(result) : result.map(back)
      }

/** Every TensorFlow.js kernel the compiler maps to ONNX, by its TensorFlow.js name. */
export const kernels: KernelTable = Object.fromEntries(
  Object.values(groups).flatMap((group) =>
    Object.entries<Kernel>(group).map(([name, kernel]) => [name, ofEveryType(name, kernel)]),
  ),
)

/** Names of all kernels that can be compiled, by group. */
export const supportedKernels: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries({ ...groups, Views: views }).map(([group, table]) => [group, Object.keys(table).sort()]),
)
