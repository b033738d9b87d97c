import * as tf from '@tensorflow/tfjs-core'

type Unary = (x: tf.Tensor) => tf.Tensor

/**
 * A function with its derivative given as an expression of the input. TensorFlow.js's own gradients save the output
 * of tanh, sigmoid and exp, which detaches it and loses second derivatives; an expression of the input keeps them.
 */
function withDerivative(value: Unary, derivative: Unary): Unary {
  return (x) =>
    tf.customGrad((input, save) => {
      const saved = input as tf.Tensor
      ;(save as (tensors: tf.Tensor[]) => void)([saved])
      return { value: value(saved), gradFunc: (dy: tf.Tensor, [z]: tf.Tensor[]) => tf.mul(dy, derivative(z!)) }
    })(x)
}

const one = (x: tf.Tensor) => tf.sub(1, x)
/** σ, differentiable any number of times. */
const sigmoid: Unary = (x) => withDerivative(tf.sigmoid, (z) => tf.mul(sigmoid(z), one(sigmoid(z))))(x)
/** tanh, differentiable any number of times. */
const tanh: Unary = (x) => withDerivative(tf.tanh, (z) => one(tf.square(tanh(z))))(x)

/** Activations by name, each right to the second derivative. */
export const activations = {
  identity: (x: tf.Tensor) => x,
  relu: (x: tf.Tensor) => tf.relu(x),
  tanh,
  /** x σ(x) */
  silu: withDerivative(
    (x) => tf.mul(x, tf.sigmoid(x)),
    (x) => {
      const s = sigmoid(x)
      return tf.mul(s, tf.add(1, tf.mul(x, one(s))))
    },
  ),
  /** x tanh(softplus x) */
  mish: withDerivative(
    (x) => tf.mul(x, tf.tanh(tf.softplus(x))),
    (x) => {
      const t = tanh(tf.softplus(x))
      return tf.add(t, tf.mul(x, tf.mul(sigmoid(x), one(tf.square(t)))))
    },
  ),
  /** x Φ(x), exact */
  gelu: withDerivative(
    (x) => tf.mul(x, tf.mul(0.5, tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))))),
    (x) => {
      const cdf = tf.mul(0.5, tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))))
      const pdf = tf.mul(1 / Math.sqrt(2 * Math.PI), tf.exp(tf.mul(-0.5, tf.square(x))))
      return tf.add(cdf, tf.mul(x, pdf))
    },
  ),
  softplus: withDerivative((x) => tf.softplus(x), sigmoid),
} satisfies Record<string, Unary>

/** A name of {@link activations}. */
export type Activation = keyof typeof activations
/** Every {@link Activation}, for schemas of options. */
export const activationNames = Object.keys(activations) as [Activation, ...Activation[]]
