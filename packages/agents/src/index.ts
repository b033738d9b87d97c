import { dqs, dqsPublished } from './dqs.ts'
import { idem, idemPublished } from './idem.ts'
import { qne, qnePublished } from './qne.ts'
import { qsm, qsmPublished, qsmScaled } from './qsm.ts'
import { rfmAnneal, rfmData, rfmDiffusion, rfmEntropy, rfmMix, rfmPaper, rfmPool, rfmSteps } from './rfm.presets.ts'
import { rfm } from './rfm.ts'
import { sac, sacPublished } from './sac.ts'
import { sdac, sdacPublished } from './sdac.ts'

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
  type UpdateCost,
} from './agent.ts'
export { agentPage, agentsPage, describeAgent } from './describe.ts'
export { type Preset, preset } from './preset.ts'
export { type QsmConfig, qsm, qsmTarget } from './qsm.ts'
export { type RfmConfig, rfmConfig } from './rfm.config.ts'
export { rfm, rfmTarget } from './rfm.ts'
export { type SacConfig, sac } from './sac.ts'

/** Every agent by name, the published settings among them. */
export const agents = {
  rfm,
  'rfm-paper': rfmPaper,
  'rfm-data': rfmData,
  'rfm-mix': rfmMix,
  'rfm-pool': rfmPool,
  'rfm-anneal': rfmAnneal,
  'rfm-steps': rfmSteps,
  'rfm-diffusion': rfmDiffusion,
  'rfm-entropy': rfmEntropy,
  sac,
  'sac-published': sacPublished,
  qsm,
  'qsm-scaled': qsmScaled,
  'qsm-published': qsmPublished,
  qne,
  'qne-published': qnePublished,
  dqs,
  'dqs-published': dqsPublished,
  idem,
  'idem-published': idemPublished,
  sdac,
  'sdac-published': sdacPublished,
}
