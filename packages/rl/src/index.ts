export { type TwinCriticOptions, type TwinCriticParams, type TwinCritics, twinCritics } from './critics.ts'
export {
  createPinkNoise,
  type PinkNoise,
  type PinkNoiseState,
  pinkNoiseStateSchema,
  restorePinkNoise,
} from './exploration.ts'
export { createNStep, type NStep, type NStepOptions, type NStepState, nStepStateSchema } from './n-step.ts'
export { createReplay, type Replay, type ReplayBatch, type ReplayState, type Transition } from './replay.ts'
export {
  type BootstrapOptions,
  type Interval,
  interquartileMean,
  jointBootstrap,
  mean,
  median,
  optimalityGap,
  performanceProfile,
  probabilityOfImprovement,
  type Scores,
  stratifiedBootstrap,
} from './statistics.ts'
export { criticLoss, lowerBound, tdTarget } from './td.ts'
