export {
  type Env,
  type EnvOptions,
  type EnvState,
  type Evaluation,
  makeEnv,
  type ResetResult,
  type StepInfo,
  type StepResult,
} from './env.ts'
export { loadMujoco, type MjData, type MjModel, type Mujoco, type RealView } from './mujoco.ts'
export { createPhysics, type ObjectKind, type Physics } from './physics.ts'
export { jointRandomiser } from './randomise.ts'
export { findTask, listTasks, type TaskSummary } from './registry.ts'
export type { ActionSpace, ObservationSpace } from './spaces.ts'
export { type BoundTask, defineTask, type ObservationEntry, type TaskDefinition } from './task.ts'
export { type Sigmoid, type ToleranceOptions, tolerance } from './tolerance.ts'
