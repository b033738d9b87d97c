// What `@revflow/jit` and `@revflow/jit/web` both export.
export type { CompileStats } from './engine/engine.ts'
export { correctGradients } from './gradients.ts'
export { type DType, HostTensor, type TensorData, type TensorSpec } from './host-tensor.ts'
export {
  exportOnnx,
  type HostArgument,
  type HostResult,
  type JitStats,
  type Jitted,
  type NotATree,
  type SpecArgument,
} from './jit.ts'
export { supportedKernels } from './kernels/registry.ts'
export { stopGradient } from './stop-gradient.ts'
