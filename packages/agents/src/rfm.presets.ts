import { preset } from './preset.ts'
import { rfm } from './rfm.ts'

const SHARED =
  'Noisy actions of one transition share their candidates; the paper has one of each, with candidates of its own.'
const AROUND =
  "Half of the candidates are drawn around the policy's own prediction; the paper draws all from the prior."

/** RFM as the paper has it: Gaussian proposals, the optimal constant η* (20), λ fixed, online critics. */
export const rfmPaper = preset(rfm, {
  name: 'rfm-paper',
  description: `RFM in the paper's form: x0 ~ N(0, I) as proposals, the constant test function with η* of each coordinate
(20), λ fixed, candidates weighed by the online critics. The target is exp(Q/λ) on all of space, though critics only
ever see actions within the bounds.`,
  deviations: [
    "The paper's own hyperparameters were not to hand: networks, rates, batches and λ are ours, those of the comparison.",
  ],
  options: {
    estimator: 'rfm',
    bounded: false,
    temperature: { kind: 'fixed' },
    criticsForPolicy: 'online',
  },
})

/** The data form (10): the estimate of `rfm-paper`, as α x1 + β x0 = x. */
export const rfmData = preset(rfmPaper, {
  name: 'rfm-data',
  description: `RFM in the data view: x1 ~ N(x/α, β²/α²) as proposals and η* on E[X1|x] (10). Candidates of one view are
those of the other, so it learns what \`rfm-paper\` learns.`,
  options: { estimator: 'rfm-data' },
})

/** Proposals half around the policy's own prediction. */
export const rfmMix = preset(rfm, {
  name: 'rfm-mix',
  description: `RFM with half of the candidates from the truncated prior and half from truncated normals of width 0.3
around the policy's own E[X1|x_t], all weighed by the density of the mixture: sharper policies from as many candidates.`,
  deviations: [AROUND, ...rfm.deviations],
  options: { estimator: 'rfm-mix' },
})

/** Several noisy actions of each transition, which share their candidates. */
export const rfmPool = preset(rfm, {
  name: 'rfm-pool',
  description: `RFM with four noisy actions x_t of each transition, at times one in each quarter, and four candidates each. As
they have one state, each is estimated from the candidates of all, weighed by the density of their priors' mixture: four times
the regression targets of \`rfm\` from as many evaluations of the critics.`,
  deviations: [SHARED, ...rfm.deviations],
  options: { estimator: 'rfm-pool', noisyActions: 4, candidates: 4, temperature: { kind: 'spread', scale: 0.1 } },
})

/** Broad while the critics know little, as soft actor-critic is, and faster to follow them. */
export const rfmAnneal = preset(rfmPool, {
  name: 'rfm-anneal',
  description: `RFM with eight noisy actions x_t of each transition that share their candidates, one from the truncated prior of
each and one from a truncated normal of width 0.3 around the policy's own E[X1|x_t], all weighed by the density of their mixture.
λ is at least 0.1 at first, which falls to 0.01 over 10,000 updates: a broad policy while the critics know little. More
targets than \`rfm-pool\` has and a higher learning rate let the policy follow its critics faster.`,
  deviations: [
    SHARED,
    AROUND,
    ...rfm.deviations.filter((line) => !line.startsWith('Critics')),
    'Critics have LayerNorm, learning rates are 1e-3 and, of the policy, 3e-3, and it learns from half of each batch: ours, for two cores.',
  ],
  options: {
    estimator: 'rfm-mix',
    noisyActions: 8,
    candidates: 2,
    actorLearningRate: 3e-3,
    temperature: { kind: 'spread', scale: 0.1, anneal: {} },
  },
})

/** Several steps of the policy from one evaluation of the critics. */
export const rfmSteps = preset(rfmAnneal, {
  name: 'rfm-steps',
  description: `\`rfm-anneal\` with eight steps of the policy's optimizer from one evaluation of the critics, each on one noisy action
x_t of every transition, at a learning rate of 1e-3, and with a running mean of the policy's weights that acts: on given
critics, as many evaluations of them take the policy farther.`,
  deviations: [
    SHARED,
    AROUND,
    'The policy takes eight steps an update and acts by a mean of its weights; the paper has one step and the weights themselves.',
    ...rfm.deviations,
  ],
  options: { actorLearningRate: 1e-3, actorSteps: 8, actorAverage: 0.99 },
})

/** A diffusion policy trained by RFM: variance-preserving, noise prediction, DDPM steps. */
export const rfmDiffusion = preset(rfm, {
  name: 'rfm-diffusion',
  description: `RFM with a diffusion policy: VP cosine schedule, the network predicts Ê[X0|x_t] (Remark 1), actions come
from 20 DDPM steps.`,
  deviations: [
    'The paper has a linear flow, predicts its velocity and follows its ODE; here it is VP cosine, noise and DDPM steps.',
    ...rfm.deviations,
  ],
  options: {
    schedule: { kind: 'vp-cosine' },
    tMin: 0.0054,
    tMax: 0.999,
    prediction: 'noise',
    sampler: 'ancestral',
    odeSteps: 20,
  },
})

/** The entropy term of Remark 6 in the backup. */
export const rfmEntropy = preset(rfm, {
  name: 'rfm-entropy',
  description: `RFM with y = r + γ (1 − terminated)(min Q̄(s′, a′) − λ log π(a′|s′)) (Remark 6): log π follows the flow,
d log p/dt = −∇·u, and is taken before a′ is clipped. λ is steered so that the entropy is −0.5 for each coordinate.`,
  deviations: [
    'λ is steered by the entropy; the paper holds it fixed.',
    ...rfm.deviations.filter((line) => !line.startsWith('λ')),
  ],
  options: { entropy: { samples: 1 }, temperature: { kind: 'entropy' } },
})
