import {
  coefficients,
  defineEstimator,
  type Estimator,
  importanceSampling,
  listEstimators,
  sourceProposal,
  testFunctions,
  truncatedProposal,
} from '@revflow/stein'

const truncated = (
  name: string,
  testFunction: (typeof testFunctions)['boundaryVanishing'],
  coefficient: (typeof coefficients)['optimal'],
): Estimator =>
  defineEstimator({
    name,
    reference: 'a step from qne to rfm-box',
    targets: ['bounded'],
    ...importanceSampling({ proposal: truncatedProposal, control: { testFunction, coefficient } }),
  })

const { constantDiagonal, boundaryVanishing } = testFunctions

/** What lies between the noise form and rfm-box: truncated proposals, one change at a time. */
export const steps: readonly Estimator[] = [
  truncated('gradient form', constantDiagonal, coefficients.gradient),
  truncated('constant, η* (20)', constantDiagonal, coefficients.optimal),
  truncated('vanishing, η* (20)', boundaryVanishing, coefficients.optimal),
  truncated('vanishing, regression', boundaryVanishing, coefficients.regression),
]

/** The long run that errors are measured against. */
export const reference = (bounded: boolean): Estimator =>
  bounded
    ? truncated('reference', boundaryVanishing, coefficients.regression)
    : defineEstimator({
        name: 'reference',
        reference: 'source proposals, regression',
        targets: ['unbounded'],
        ...importanceSampling({
          proposal: sourceProposal,
          control: { testFunction: constantDiagonal, coefficient: coefficients.regression },
        }),
      })

/** Published estimators: what ours are compared with. On a box, idem and dqs are biased by the boundary term. */
export const BASELINES: readonly string[] = ['qne', 'rsm', 'idem', 'dqs']

/** Not for single questions: one needs a policy's guess, the other shares the candidates of several. */
const FOR_POLICIES: readonly string[] = ['rfm-mix', 'rfm-pool']

/** All registered estimators for a kind of target that answer single questions; on a box idem besides. */
export const contestants = (bounded: boolean): Estimator[] =>
  listEstimators().filter(
    ({ name, targets }) =>
      !FOR_POLICIES.includes(name) &&
      (targets.includes(bounded ? 'bounded' : 'unbounded') || (bounded && name === 'idem')),
  )

/** The most candidates an estimator affords; 0 where not one. */
export function candidatesFor({ cost }: Estimator, budget: number): number {
  let candidates = 0
  while (cost(candidates + 1) <= budget) candidates++
  return candidates
}
