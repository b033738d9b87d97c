export type { CompileStats } from './engine/engine.ts'
export { correctGradients } from './gradients.ts'
export { type DType, HostTensor, type TensorData, type TensorSpec } from './host-tensor.ts'
export {
  exportOnnx,
  type HostArgument,
  type HostResult,
  type JitOptions,
  type JitStats,
  type Jitted,
  jit,
  jitOptionsSchema,
  type SpecArgument,
} from './jit.ts'
export { supportedKernels } from './kernels/registry.ts'
