import { rfm } from './rfm.ts'

export {
  type ActionRule,
  type Agent,
  type AgentState,
  type Algorithm,
  type Batch,
  createAgent,
  defineAgent,
  type Metrics,
  type Noise,
  type Spaces,
} from './agent.ts'
export { scaledQScoreNoise } from './q-score.ts'
export { type RfmConfig, rfmConfig } from './rfm.config.ts'
export { rfm } from './rfm.ts'

/** Every agent by name. */
export const agents = { rfm }
