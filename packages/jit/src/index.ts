export { type JitOptions, jit, jitOptionsSchema } from './node.ts'
export * from './shared.ts'
