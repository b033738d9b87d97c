import type { Schedule, Source } from '@revflow/schedules'
import type * as tf from '@tensorflow/tfjs-core'

/** An interval that every coordinate of x1 lies in. */
export interface Box {
  readonly low: number
  readonly high: number
}

/** The question: what is E[X0|x] and E[X1|x] where x = α X1 + β X0, X0 ~ p0, X1 ~ p1 ∝ exp(logTarget)? */
export interface PosteriorProblem {
  readonly schedule: Schedule
  readonly source: Source
  /** x, [B, d] */
  readonly x: tf.Tensor2D
  /** t, [B], where α > 0 and β > 0; below α = 1e-4 a float32 x hardly knows x1, and bounded estimates may be NaN */
  readonly t: tf.Tensor1D
  /** log p1 up to a constant, Q/λ in reinforcement learning: [B, K, d] to [B, K]. */
  logTarget(x1: tf.Tensor3D): tf.Tensor
  /** The same with its gradient [B, K, d]; needed by estimators with a control variate. */
  logTargetAndGrad?(x1: tf.Tensor3D): { value: tf.Tensor; grad: tf.Tensor }
  /** Bounds outside of which p1 is zero; none: p1 is positive everywhere. */
  readonly support?: Box
  /**
   * A function of the candidates whose posterior mean is wanted besides, [B, K, d]: for scores, ∇ log p0(x0) or
   * ∇ log p1(x1) (26), (27). `grad` is there for estimators that use gradients.
   */
  statistic?(candidates: { x0: tf.Tensor3D; x1: tf.Tensor3D; grad: tf.Tensor | undefined }): tf.Tensor
  /** A guess at E[X1|x] such as a policy's own prediction, [B, d]; only the proposals around a centre use it. */
  readonly centre?: tf.Tensor2D
  /** R: rows come in groups of R, one after the other, whose target is the same; only the pooled proposal uses it. 1 unless given. */
  readonly sharing?: number
}

/** What an estimate rests on. All are tensors, so they cost no reading while training. */
export interface Diagnostics {
  /** Effective sample size 1/Σ w̄², [B], in [1, K]; where R rows share candidates, in [1, R·K] */
  readonly ess: tf.Tensor1D
  /** The same as a share of the candidates weighed, [B], in (0, 1] */
  readonly effectiveShare: tf.Tensor1D
  /** Greatest normalised weight, [B] */
  readonly maxWeight: tf.Tensor1D
  /** Coefficient η of the control variate in the noise view, [B, d] */
  readonly eta: tf.Tensor2D
  /** Standard error √Σ w̄² (f + η g − estimate)² of the noise estimate, [B, d]; too small where a few candidates choose η */
  readonly standardError: tf.Tensor2D
  /** Share of candidates outside the support, or clipped to it, [B] */
  readonly clipped: tf.Tensor1D
  /** Standard deviation over the candidates of logTarget, [B] */
  readonly logTargetStd: tf.Tensor1D
}

/** The answer: both posterior means, α E[X1|x] + β E[X0|x] = x, and what they rest on. */
export interface PosteriorMean {
  /** E[X0|x], [B, d] */
  readonly noise: tf.Tensor2D
  /** E[X1|x], [B, d] */
  readonly data: tf.Tensor2D
  /** Posterior mean of the problem's statistic, [B, d] */
  readonly statistic?: tf.Tensor2D
  readonly diagnostics: Diagnostics
}
