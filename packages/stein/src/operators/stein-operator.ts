import * as tf from '@tensorflow/tfjs-core'

/** A field over points z [..., d]. */
export type Field = (z: tf.Tensor) => tf.Tensor

const zeroOf = tf.customGrad((z, save) => {
  ;(save as tf.GradSaveFunc)([z as tf.Tensor])
  return { value: tf.scalar(0), gradFunc: (_, [point]) => tf.zerosLike(point!) }
})
/** ∇f at z: zero where f does not depend on z, which TensorFlow.js takes for a mistake. */
export const gradient = (f: Field, z: tf.Tensor): tf.Tensor => tf.grad((y: tf.Tensor) => tf.add(f(y), zeroOf(y)))(z)

/**
 * ∇·φ at z, [...]: exact by d gradients, or with a probe ε shaped like z Hutchinson's estimate εᵀ(∇φ)ε, unbiased where
 * E[εεᵀ] = I.
 */
export function divergence(phi: Field, z: tf.Tensor, probe?: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    if (probe)
      return tf.sum(
        tf.mul(
          probe,
          gradient((y) => tf.mul(phi(y), probe), z),
        ),
        -1,
      )
    const axis = z.rank - 1
    const columns = Array.from({ length: z.shape[axis]! }, (_, j) => {
      const column = (x: tf.Tensor) => tf.squeeze(tf.gather(x, [j], axis), [axis])
      return column(gradient((y) => column(phi(y)), z))
    })
    return tf.addN(columns)
  })
}

/**
 * Langevin Stein operator (Def. 1): T_p φ = φ·s + ∇·φ, whose mean under p is zero where p φ vanishes at the edge of the
 * support and at infinity.
 * @param phi φ, [..., d] to [..., d]
 * @param score s = ∇ log p, [..., d] to [..., d]
 * @returns a function of z [..., d], and of a probe for a stochastic divergence; [...]
 */
export const steinOperator =
  (phi: Field, score: Field) =>
  (z: tf.Tensor, probe?: tf.Tensor): tf.Tensor =>
    tf.tidy(() => tf.add(tf.sum(tf.mul(phi(z), score(z)), -1), divergence(phi, z, probe)))

/**
 * Generalised operator (Def. 2): (T_p Φ)_j = Φ_·j · s + ∇·Φ_·j, a control variate of d components.
 * @param phi Φ, [..., d] to [..., d, d]
 * @returns a function of z [..., d]; [..., d]
 */
export const matrixSteinOperator =
  (phi: Field, score: Field) =>
  (z: tf.Tensor, probe?: tf.Tensor): tf.Tensor =>
    tf.tidy(() => {
      const axis = z.rank
      const columns = Array.from({ length: z.shape.at(-1)! }, (_, j) =>
        steinOperator((y) => tf.squeeze(tf.gather(phi(y), [j], axis), [axis]), score)(z, probe),
      )
      return tf.stack(columns, -1)
    })
