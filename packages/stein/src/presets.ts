import { coefficients } from './control/coefficients.ts'
import type { ControlVariate } from './control/control-variate.ts'
import { testFunctions } from './control/test-functions.ts'
import { defineEstimator, registerEstimator } from './estimator.ts'
import { annealing } from './methods/annealing.ts'
import { chains } from './methods/chains.ts'
import { importanceSampling } from './methods/importance-sampling.ts'
import { laplaceProposal, twoStageProposal } from './proposals/mixture.ts'
import { pooledProposal } from './proposals/pooled.ts'
import { clippedProposal, sourceProposal, truncatedProposal } from './proposals/prior.ts'
import { sobolProposal } from './proposals/proposal.ts'
import { surrogateProposal } from './proposals/surrogate.ts'

const { constantDiagonal, boundaryVanishing } = testFunctions
const paper = (coefficient: ControlVariate['coefficient']): ControlVariate => ({
  testFunction: constantDiagonal,
  coefficient,
})
/** Of mean zero for a target with edges; without a support it wants the form of {@link paper}. */
const bounded: ControlVariate = { testFunction: boundaryVanishing, coefficient: coefficients.temperedRegression }
const gradientForm = importanceSampling({ proposal: sourceProposal, control: paper(coefficients.gradient) })
const optimal = importanceSampling({ proposal: sourceProposal, control: paper(coefficients.optimal) })

/** The published methods as settings of one estimator (theory: section 4), and ours. */
export const presets = [
  defineEstimator({
    name: 'qne',
    targets: ['bounded'],
    reference: 'MaxEntDP: noise expectation (28)',
    ...importanceSampling({ proposal: truncatedProposal }),
  }),
  defineEstimator({
    name: 'rsm',
    targets: ['unbounded'],
    reference: 'SDAC: reverse score matching',
    ...importanceSampling({ proposal: clippedProposal }),
  }),
  defineEstimator({
    name: 'idem',
    targets: ['unbounded'],
    reference: 'iDEM: gradient expectation (29), η = 1 in the noise view',
    ...gradientForm,
  }),
  defineEstimator({
    name: 'dqs',
    targets: ['unbounded'],
    reference: 'DQS: iDEM on a critic (29)',
    ...gradientForm,
  }),
  defineEstimator({
    name: 'rfm',
    targets: ['unbounded'],
    reference: 'arXiv 2601.08136: optimal η of each coordinate (20)',
    ...optimal,
  }),
  defineEstimator({
    name: 'rfm-data',
    targets: ['unbounded'],
    reference: 'arXiv 2601.08136 in the data view, x1 ~ N(x/α, β²/α²): the estimate of rfm, as x = α x1 + β x0',
    ...optimal,
  }),
  defineEstimator({
    name: 'rfm-isotropic',
    targets: ['unbounded'],
    reference: 'arXiv 2601.08136: one optimal η (21)',
    ...importanceSampling({ proposal: sourceProposal, control: paper(coefficients.isotropic) }),
  }),
  defineEstimator({
    name: 'rfm-box',
    targets: ['bounded'],
    reference: 'revflow: truncated proposals, boundary-vanishing control variate, tempered regression η',
    ...importanceSampling({ proposal: truncatedProposal, control: bounded }),
  }),
  defineEstimator({
    name: 'rfm-box-sobol',
    targets: ['bounded'],
    reference: 'revflow: rfm-box with scrambled Sobol candidates',
    ...importanceSampling({ proposal: sobolProposal(truncatedProposal), control: bounded }),
  }),
  defineEstimator({
    name: 'rfm-pool',
    targets: ['unbounded', 'bounded'],
    reference: 'revflow: rfm-box with the candidates of all noisy points that share a target',
    ...importanceSampling({ proposal: pooledProposal(), control: bounded }),
  }),
  defineEstimator({
    name: 'rfm-mix',
    targets: ['unbounded', 'bounded'],
    reference: "revflow: rfm-pool with half of the candidates around a guess such as the policy's own prediction",
    ...importanceSampling({ proposal: pooledProposal({ sigma: 0.3 }), control: bounded }),
  }),
  defineEstimator({
    name: 'rfm-two-stage',
    targets: ['unbounded', 'bounded'],
    reference: 'revflow: rfm-box with half of the candidates around the better of the other half',
    ...importanceSampling({ proposal: twoStageProposal(), control: bounded }),
  }),
  defineEstimator({
    name: 'rfm-laplace',
    targets: ['unbounded', 'bounded'],
    reference: 'revflow: rfm-box with half of the candidates from a Gaussian fitted to a mode',
    ...importanceSampling({ proposal: laplaceProposal(), control: bounded }),
  }),
  defineEstimator({
    name: 'rfm-surrogate',
    targets: ['unbounded', 'bounded'],
    reference: 'revflow: rfm-box with Sobol candidates in four stages, each drawn where the ones before point',
    ...importanceSampling({ proposal: surrogateProposal(), control: bounded }),
  }),
  defineEstimator({
    name: 'smc',
    targets: ['unbounded', 'bounded'],
    reference: 'arXiv 2601.08136, Remark 4: annealed importance sampling with resampling and Langevin moves',
    ...annealing({ control: bounded }),
  }),
  defineEstimator({
    name: 'mala',
    targets: ['unbounded', 'bounded'],
    reference: 'arXiv 2601.08136, Remark 4: Metropolis-adjusted Langevin chains with a Stein control variate',
    ...chains({ control: bounded }),
  }),
  defineEstimator({
    name: 'hmc',
    targets: ['unbounded', 'bounded'],
    reference: 'arXiv 2601.08136, Remark 4: Hamiltonian Monte Carlo chains with a Stein control variate',
    ...chains({ leaps: 4, control: bounded }),
  }),
] as const

for (const preset of presets) registerEstimator(preset)
