import { preset } from './preset.ts'
import { rfm } from './rfm.ts'

/** Q-weighted noise estimation: RFM with η = 0 on a variance-preserving diffusion. */
export const qne = preset(rfm, {
  name: 'qne',
  reference: 'MaxEntDP, arXiv 2502.11612',
  description: `The noise network of a diffusion policy is regressed on Σ_k w̄_k ε_k (28), w̄ = softmax(min Q/λ), ε_k standard
normals truncated so that every candidate x1 = (x_t − β ε_k)/α lies within the bounds: RFM with η = 0 on the VP cosine
schedule. Actions come from 20 DDPM steps.`,
  deviations: [
    'Networks, LayerNorm, learning rates, batches and K are those of the comparison; the published ones are `qne-published`.',
    'λ is the published default, 0.1; published results have 0.01 to 0.2, by task.',
    'The entropy term of its backup is left out.',
    'It acts by a draw; at evaluation the reference takes the best of 10.',
  ],
  options: {
    estimator: 'qne',
    schedule: { kind: 'vp-cosine' },
    tMin: 0.0054,
    tMax: 0.999,
    prediction: 'noise',
    sampler: 'ancestral',
    odeSteps: 20,
    temperature: { kind: 'fixed', value: 0.1 },
  },
})

export const qnePublished = preset(qne, {
  name: 'qne-published',
  deviations: [
    'The reference feeds log-SNR through Fourier features and an MLP of its own; here the features of t enter directly.',
    'λ is the published default, 0.1; published results have 0.01 to 0.2, by task.',
    'The entropy term of its backup (50 × 20 samples) is left out.',
    'It acts by the best of 10 draws at evaluation: the rule `best`.',
  ],
  options: {
    hidden: [256, 256],
    actorActivation: 'mish',
    criticLayerNorm: false,
    actorLearningRate: 3e-4,
    criticLearningRate: 3e-4,
    batchSize: 256,
    actorBatchSize: 256,
    candidates: 500,
    timeFeatures: 64,
    bestOf: 10,
  },
})
