export { type Coefficient, type CoefficientInput, coefficients } from './coefficients/coefficients.ts'
export {
  type ControlVariate,
  defineEstimator,
  type Estimator,
  estimateFromCandidates,
  estimatePosteriorMean,
  estimatorNoise,
  listEstimators,
  registerEstimator,
  resolveEstimator,
} from './estimator.ts'
export { presets } from './presets.ts'
export type { Box, Diagnostics, PosteriorMean, PosteriorProblem } from './problem.ts'
export type { Candidates, Coefficients3D, Proposal } from './proposals/proposal.ts'
export { clippedProposal, sourceProposal, truncatedProposal } from './proposals/proposals.ts'
export { logNormalCdf, truncatedNormal } from './proposals/truncated-normal.ts'
export { type TestFunction, type TestFunctionInput, testFunctions } from './test-functions/test-functions.ts'
