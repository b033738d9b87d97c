import type { HostTensor } from '../host-tensor.ts'
import type { FlatSpec, TensorFunction } from '../trace/trace.ts'

/** How one specialisation of a function came to be and what it holds. */
export interface CompileStats {
  /** Operations of the traced graph; 0 where nothing is traced. */
  readonly nodes: number
  /** Multiplications and additions of its matrix products, a call. */
  readonly flops: number
  /** Milliseconds to trace and encode. */
  readonly traceMs: number
  /** Milliseconds the engine took to compile. */
  readonly compileMs: number
  /** Bytes of the encoded model. */
  readonly modelBytes: number
}

/** A function compiled for fixed shapes. */
export interface Executable {
  readonly stats: CompileStats
  /**
   * Runs once: the tree of results. Inputs in the order of the specifications.
   * @param donated inputs whose memory may hold results of later calls
   */
  run(inputs: readonly HostTensor[], donated: readonly HostTensor[]): Promise<unknown>
  dispose(): Promise<void>
}

/** Makes executables out of functions. */
export interface Engine {
  readonly name: string
  compile(fn: TensorFunction, args: readonly FlatSpec[]): Promise<Executable>
}
