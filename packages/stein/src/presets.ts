import { coefficients } from './coefficients/coefficients.ts'
import { defineEstimator, registerEstimator } from './estimator.ts'
import { clippedProposal, sourceProposal, truncatedProposal } from './proposals/proposals.ts'
import { testFunctions } from './test-functions/test-functions.ts'

const { constantDiagonal, boundaryVanishing } = testFunctions
const paper = (coefficient: (typeof coefficients)['optimal']) => ({ testFunction: constantDiagonal, coefficient })

/** The published methods as settings of one estimator (theory: section 4), and ours. */
export const presets = {
  qne: defineEstimator({ name: 'qne', reference: 'MaxEntDP: noise expectation (28)', proposal: truncatedProposal }),
  rsm: defineEstimator({ name: 'rsm', reference: 'SDAC: reverse score matching', proposal: clippedProposal }),
  idem: defineEstimator({
    name: 'idem',
    reference: 'iDEM: gradient expectation (29), η = 1 in the noise view',
    proposal: sourceProposal,
    control: paper(coefficients.gradient),
  }),
  dqs: defineEstimator({
    name: 'dqs',
    reference: 'DQS: iDEM on a critic (29)',
    proposal: sourceProposal,
    control: paper(coefficients.gradient),
  }),
  rfm: defineEstimator({
    name: 'rfm',
    reference: 'arXiv 2601.08136: optimal η of each coordinate (20)',
    proposal: sourceProposal,
    control: paper(coefficients.optimal),
  }),
  'rfm-isotropic': defineEstimator({
    name: 'rfm-isotropic',
    reference: 'arXiv 2601.08136: one optimal η (21)',
    proposal: sourceProposal,
    control: paper(coefficients.isotropic),
  }),
  'rfm-box': defineEstimator({
    name: 'rfm-box',
    reference: 'revflow: truncated proposals, boundary-vanishing control variate, tempered regression η',
    proposal: truncatedProposal,
    control: { testFunction: boundaryVanishing, coefficient: coefficients.temperedRegression },
  }),
}

for (const preset of Object.values(presets)) registerEstimator(preset)
