export {
  conditionalFlowMatchingLoss,
  interpolate,
  type NoisySample,
  reverseFlowMatchingLoss,
  velocityTarget,
} from './losses.ts'
export { type OdeOptions, sampleOde } from './sample.ts'
export { type Field, type Solver, type SolverName, solvers } from './solvers/solver.ts'
