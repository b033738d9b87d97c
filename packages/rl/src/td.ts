import * as tf from '@tensorflow/tfjs-core'

/**
 * Temporal-difference target y = r + γ·(1 − terminated)·V(s'), [B]. A truncated episode is not terminated: its last
 * state's value counts.
 */
export function tdTarget({
  reward,
  terminated,
  discount,
  nextValue,
}: {
  /** r, [B] */
  readonly reward: tf.Tensor
  /** 1 where s' is terminal, else 0, [B] */
  readonly terminated: tf.Tensor
  /** γ in [0, 1], or γ^n where r is what n decisions brought */
  readonly discount: number
  /** V(s'), [B] */
  readonly nextValue: tf.Tensor
}): tf.Tensor1D {
  return tf.add(reward, tf.mul(tf.mul(discount, tf.sub(1, terminated)), nextValue)) as tf.Tensor1D
}

/**
 * A lower confidence bound of two critics, ½(Q1 + Q2) − c·½|Q1 − Q2|: their mean less c standard deviations, the minimum
 * at c = 1 (arXiv 2102.03765, β = −c).
 * @param q Q1 and Q2, [B] or [B, K] each
 * @param pessimism c ≥ 0
 * @returns shaped as Q1 and Q2
 */
export function lowerBound(
  { q1, q2 }: { readonly q1: tf.Tensor; readonly q2: tf.Tensor },
  pessimism: number,
): tf.Tensor {
  return tf.sub(tf.minimum(q1, q2), tf.mul((pessimism - 1) / 2, tf.abs(tf.sub(q1, q2))))
}

/** Mean over both critics and the batch of (Q_i − y)²; all [B]. */
export function criticLoss(
  { q1, q2 }: { readonly q1: tf.Tensor; readonly q2: tf.Tensor },
  target: tf.Tensor,
): tf.Scalar {
  const error = (q: tf.Tensor) => tf.mean(tf.squaredDifference(q, target))
  return tf.mul(0.5, tf.add(error(q1), error(q2))) as tf.Scalar
}
