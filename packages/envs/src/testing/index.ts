export type { Comparison } from './comparison.ts'
export { compareModel } from './model.ts'
export { compareProbes, compareTrajectory } from './replay.ts'
export { compareResets, type ResetComparison } from './resets.ts'
/** Forms of the reference files, as zod schemas. */
export * as schemas from './schemas.ts'
export { compareSpecification } from './specification.ts'
export { compareTolerance } from './table.ts'
