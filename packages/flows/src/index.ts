export { type AdaptiveOptions, type AdaptiveResult, sampleOdeAdaptive } from './adaptive.ts'
export { type AncestralOptions, sampleAncestral } from './ancestral.ts'
export { type DensityOptions, logDensityAt, sampleWithLogDensity } from './density.ts'
export {
  conditionalFlowMatchingLoss,
  interpolate,
  type NoisySample,
  reverseFlowMatchingLoss,
  reverseScoreTarget,
  type ScoreForm,
  velocityTarget,
} from './losses.ts'
export { type OdeOptions, sampleOde } from './sample.ts'
export { type SdeOptions, type SdeSolverName, sampleSde, sdeSolvers } from './sde.ts'
export { type Field, type Solver, type SolverName, solvers } from './solvers/solver.ts'
export { type EnergyTarget, type TrainingFreeOptions, trainingFree, trainingFreeNoise } from './training-free.ts'
