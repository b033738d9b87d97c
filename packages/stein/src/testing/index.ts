export { type Compile, type ConformanceCheck, type ConformanceOptions, conformanceChecks } from './conformance.ts'
export { boxProblem, gaussianProblem, type KnownProblem } from './problems.ts'
