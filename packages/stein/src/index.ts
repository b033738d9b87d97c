export {
  type Coefficient,
  type CoefficientInput,
  coefficients,
  type LeastSquaresOptions,
} from './control/coefficients.ts'
export { type ControlVariate, controlVariance } from './control/control-variate.ts'
export {
  type Feature,
  type FeatureOptions,
  type TestFunction,
  type TestFunctionInput,
  testFunctions,
} from './control/test-functions.ts'
export {
  defineEstimator,
  type Estimator,
  estimateFromCandidates,
  estimatePosteriorMean,
  estimatorNoise,
  listEstimators,
  registerEstimator,
  resolveEstimator,
} from './estimator.ts'
export { type AnnealingOptions, annealing } from './methods/annealing.ts'
export { type ChainOptions, chains } from './methods/chains.ts'
export { type ImportanceSamplingOptions, importanceSampling } from './methods/importance-sampling.ts'
export type { Method } from './methods/method.ts'
export { divergence, matrixSteinOperator, steinOperator } from './operators/stein-operator.ts'
export { evaluateTarget } from './posterior.ts'
export { presets } from './presets.ts'
export type { Box, Diagnostics, PosteriorMean, PosteriorProblem } from './problem.ts'
export { laplaceProposal, type TwoStageOptions, twoStageProposal } from './proposals/mixture.ts'
export { drawNoiseTensors } from './proposals/noise.ts'
export { type PooledOptions, pooledProposal } from './proposals/pooled.ts'
export { clippedProposal, sourceProposal, truncatedProposal } from './proposals/prior.ts'
export {
  type Candidates,
  type Coefficients3D,
  type EstimateSize,
  type Evaluation,
  type NoiseTensors,
  type Proposal,
  sobolProposal,
} from './proposals/proposal.ts'
export { type SurrogateOptions, surrogateProposal } from './proposals/surrogate.ts'
export { logNormalCdf, truncatedNormal } from './proposals/truncated-normal.ts'
