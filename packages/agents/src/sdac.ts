import { preset } from './preset.ts'
import { rfm } from './rfm.ts'

/** Soft diffusion actor-critic: reverse score matching on a DDPM policy. */
export const sdac = preset(rfm, {
  name: 'sdac',
  reference: 'SDAC, arXiv 2502.00361',
  description: `Reverse score matching: the network of a DDPM policy is regressed on Σ_k w̄_k ε_k (the score times −β), ε_k ~ N(0, I),
the candidates x1 clipped to the bounds and ε kept, so that Q counts as constant beyond them: RFM with η = 0. Actions come
from 20 DDPM steps.`,
  deviations: [
    'x_t is an action of replay with noise, as in all agents here; SDAC takes a fresh action of the policy.',
    'λ is fixed; SDAC learns it.',
    'Rewards are taken as they are, and the policy learns at every update; SDAC has rewards × 0.2, and every 2nd update.',
    'Actions are single draws; SDAC takes the best of 32.',
    'Networks, LayerNorm, learning rates, batches and K are those of the comparison; the published ones are `sdac-published`.',
  ],
  options: {
    estimator: 'rsm',
    schedule: { kind: 'ddpm' },
    prediction: 'noise',
    sampler: 'ancestral',
    odeSteps: 20,
    temperature: { kind: 'fixed', value: 0.1 },
  },
})

export const sdacPublished = preset(sdac, {
  name: 'sdac-published',
  deviations: [
    'λ is steered at every update towards an effective sample size of 0.4 K; SDAC learns it every 250 updates.',
    "The policy's learning rate alone decays, over 1,000,000 updates of the policy, whatever the run's length.",
    'The best of 32 draws is the best by the averaged critics; SDAC asks those that learn, and adds noise in proportion to λ when it acts.',
    'At evaluation the best of 32 draws is the rule `best`.',
  ],
  options: {
    hidden: [256, 256, 256],
    criticLayerNorm: false,
    actorLearningRate: 3e-4,
    actorDecay: { shape: 'linear', to: 3e-5, updates: 1_000_000 },
    criticLearningRate: 3e-4,
    batchSize: 256,
    actorBatchSize: 256,
    candidates: 64,
    rewardScale: 0.2,
    policyEvery: 2,
    bestOf: 32,
    exploration: { rule: 'best' },
    backup: 'best',
    ownActions: 1,
    temperature: { kind: 'ess' },
  },
})
