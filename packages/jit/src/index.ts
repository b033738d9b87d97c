export type { CompileStats } from './engine/engine.ts'
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
} from './jit.ts'
export { kernels as supportedKernels } from './kernels/registry.ts'
