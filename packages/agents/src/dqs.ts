import { preset } from './preset.ts'
import { rfm } from './rfm.ts'

const UNCLIPPED = 'The norm of the score is not clipped; DQS clips it, at what is not known: the option `targetClip`.'

/** Diffusion Q-sampling: iDEM's score estimate on a critic. */
export const dqs = preset(rfm, {
  name: 'dqs',
  reference: 'DQS, arXiv 2410.01312',
  description: `The score network of a variance-exploding diffusion policy is regressed on (1/α) Σ_k w̄_k ∇Q/λ at x1 ~ N(x/α,
β²/α²) (29): RFM with η = 1 in the noise view. Actions come from 20 steps of the reverse SDE.`,
  deviations: [
    "DQS's own table of settings was not to hand: σ from 1e-5 to 1 is iDEM's, λ, K and 20 steps are ours.",
    UNCLIPPED,
    'Networks, LayerNorm, learning rates and batches are those of the comparison; `dqs-published` has what is known.',
  ],
  options: {
    estimator: 'dqs',
    schedule: { kind: 've-geometric' },
    tMin: 0,
    tMax: 1,
    prediction: 'score',
    sampler: 'sde',
    odeSteps: 20,
    bounded: false,
    temperature: { kind: 'fixed', value: 0.1 },
  },
})

export const dqsPublished = preset(dqs, {
  name: 'dqs-published',
  deviations: [
    "DQS's own table of settings was not to hand: learning rate, networks and batch are the paper's; σ, λ, K = 500, 20 steps are not.",
    UNCLIPPED,
  ],
  options: {
    hidden: [256, 256],
    actorActivation: 'relu',
    criticLayerNorm: false,
    actorLearningRate: 3e-4,
    criticLearningRate: 3e-4,
    batchSize: 256,
    actorBatchSize: 256,
    candidates: 500,
  },
})
