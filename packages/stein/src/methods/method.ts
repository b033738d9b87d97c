import type { NoiseSpecs } from '@revflow/core'
import type { PosteriorMean, PosteriorProblem } from '../problem.ts'
import type { EstimateSize, NoiseTensors } from '../proposals/proposal.ts'

/** How posterior means are estimated. */
export interface Method {
  /** Whether it calls `logTargetAndGrad`. */
  readonly needsGradient: boolean
  /** Whether it asks for the problem's `centre`; none: it does not. */
  readonly needsCentre?: boolean
  /** What K candidates cost in critic evaluations: a value 1, a value with its gradient 2. */
  cost(candidates: number): number
  /** The noise it consumes. */
  noise(size: EstimateSize): NoiseSpecs
  estimate(problem: PosteriorProblem, noise: NoiseTensors): PosteriorMean
}
