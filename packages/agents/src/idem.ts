import { dqs, dqsPublished } from './dqs.ts'
import { preset } from './preset.ts'

/** Iterated denoising energy matching, its energy −Q/λ of the critics. */
export const idem = preset(dqs, {
  name: 'idem',
  reference: 'iDEM, arXiv 2402.06121',
  description: `Iterated denoising energy matching with the critics for an energy: the target of \`dqs\` (29), its norm held
to 70.`,
  deviations: [
    'iDEM trains a sampler of one energy; here it is a policy, one energy −min Q(s, ·)/λ for each state.',
    'λ and 20 steps are ours.',
    'Networks, LayerNorm, learning rates, batches and K are those of the comparison; the published ones are `idem-published`.',
  ],
  options: { estimator: 'idem', targetClip: 70 },
})

export const idemPublished = preset(dqsPublished, {
  name: 'idem-published',
  reference: idem.reference,
  description: idem.description,
  deviations: [
    'iDEM trains a sampler of one energy; here it is a policy, one energy −min Q(s, ·)/λ for each state.',
    'λ, 20 steps and the batch are ours.',
  ],
  options: { estimator: 'idem', targetClip: 70, actorLearningRate: 5e-4, criticLearningRate: 5e-4 },
})
