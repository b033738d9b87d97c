import * as tf from '@tensorflow/tfjs-core'

type GradFunc = (dy: tf.Tensor, saved: tf.Tensor[], attrs: tf.NamedAttrMap) => Record<string, () => tf.Tensor>
/** A gradient written in the kernel's inputs, saved by name. */
const ofInputs = (kernelName: string, inputsToSave: string[], gradFunc: GradFunc): tf.GradConfig => ({
  kernelName,
  inputsToSave,
  gradFunc: (dy, saved, attrs) => gradFunc(dy as tf.Tensor, saved, attrs),
})
const unary = (kernelName: string, derivative: (x: tf.Tensor) => tf.Tensor): tf.GradConfig =>
  ofInputs(kernelName, ['x'], (dy, [x]) => ({ x: () => tf.mul(dy, derivative(x!)) }))

const oneMinus = (x: tf.Tensor) => tf.sub(1, x)
/** Sums over the axes along which an operand was broadcast. */
function unbroadcast(gradient: tf.Tensor, { shape }: tf.Tensor): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, gradient.shape)
  return axes.length === 0 ? gradient : tf.reshape(tf.sum(gradient, axes), shape)
}
/** dy for one operand where `chosen` holds, for the other elsewhere. */
const selection = (kernelName: string, chosen: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): tf.GradConfig =>
  ofInputs(kernelName, ['a', 'b'], (dy, [a, b]) => ({
    a: () => unbroadcast(tf.mul(dy, tf.cast(chosen(a!, b!), 'float32')), a!),
    b: () => unbroadcast(tf.mul(dy, tf.cast(tf.logicalNot(chosen(a!, b!)), 'float32')), b!),
  }))
const zeros = (x: tf.Tensor) => tf.zeros(x.shape)
const comparison = (kernelName: string): tf.GradConfig =>
  ofInputs(kernelName, ['a', 'b'], (_, [a, b]) => ({ a: () => zeros(a!), b: () => zeros(b!) }))

/**
 * Gradients of the kernels whose TensorFlow.js gradient is wrong or missing. Most save the kernel's *output*, which
 * detaches it: a second derivative throws or silently loses a term. Those of maximum, minimum and squaredDifference do
 * not broadcast, that of cumsum transposes unless it runs along the last axis, that of mirrorPad leaves out what was
 * mirrored, einsum has none, and neither have comparisons, whose gradient is zero: a tf.where() on them cannot be
 * differentiated.
 */
const corrected: readonly tf.GradConfig[] = [
  unary('Exp', tf.exp),
  unary('Sigmoid', (x) => {
    const s = tf.sigmoid(x)
    return tf.mul(s, oneMinus(s))
  }),
  unary('Tanh', (x) => oneMinus(tf.square(tf.tanh(x)))),
  unary('Elu', (x) => tf.where(tf.greater(x, 0), tf.onesLike(x), tf.exp(tf.minimum(x, 0)))),
  ofInputs('Softmax', ['logits'], (dy, [logits], { dim }) => ({
    logits: () => {
      const y = tf.softmax(logits!, dim as number)
      return tf.mul(y, tf.sub(dy, tf.sum(tf.mul(dy, y), dim as number, true)))
    },
  })),
  ofInputs('Pow', ['a', 'b'], (dy, [a, b]) => ({
    a: () => unbroadcast(tf.mul(dy, tf.mul(b!, tf.pow(a!, tf.sub(b!, 1)))), a!),
    b: () => {
      const log = tf.where(tf.greater(a!, 0), tf.log(a!), tf.zerosLike(a!))
      return unbroadcast(tf.mul(dy, tf.mul(tf.pow(a!, b!), log)), b!)
    },
  })),
  selection('Maximum', tf.greaterEqual),
  selection('Minimum', tf.lessEqual),
  ofInputs('SquaredDifference', ['a', 'b'], (dy, [a, b]) => {
    const slope = () => tf.mul(dy, tf.mul(2, tf.sub(a!, b!)))
    return { a: () => unbroadcast(slope(), a!), b: () => unbroadcast(tf.neg(slope()), b!) }
  }),
  ...['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual', 'LogicalAnd', 'LogicalOr'].map(comparison),
  ofInputs('LogicalNot', ['x'], (_, [x]) => ({ x: () => zeros(x!) })),
  ofInputs('Cumsum', ['x'], (dy, _, { axis, exclusive, reverse }) => ({
    x: () => tf.cumsum(dy, axis as number, exclusive as boolean, !reverse),
  })),
  {
    kernelName: 'Einsum',
    saveAllInputs: true,
    gradFunc: (dy, saved, attrs) =>
      einsumGradient(dy as tf.Tensor, saved, (attrs.equation as string).replace(/\s/g, '')),
  },
  ofInputs('MirrorPad', ['x'], (dy, [x], { paddings, mode }) => ({
    x: () => {
      const edge = mode === 'reflect' ? 1 : 0
      return (paddings as [number, number][]).reduce(
        (padded, [before, after], axis) => unmirror(padded, { axis, size: x!.shape[axis]!, before, after, edge }),
        dy,
      )
    },
  })),
]

/** Another einsum for each operand: of dy and the other operands, broadcast along axes that only this operand has. */
function einsumGradient(dy: tf.Tensor, operands: tf.Tensor[], equation: string): Record<string, () => tf.Tensor> {
  const [terms, result] = equation.split('->') as [string, string]
  const letters = terms.split(',')
  const gradient = (k: number) => () => {
    const own = letters[k]!
    const others = letters.filter((_, i) => i !== k)
    const known = [...own].filter((letter) => [result, ...others].some((term) => term.includes(letter))).join('')
    const inputs = [dy, ...operands.filter((_, i) => i !== k)]
    const part = tf.einsum(`${[result, ...others]}->${known}`, ...inputs)
    const { shape } = operands[k]!
    const kept = tf.reshape(
      part,
      shape.map((n, axis) => (known.includes(own[axis]!) ? n : 1)),
    )
    return known === own
      ? part
      : tf.tile(
          kept,
          shape.map((n, axis) => (known.includes(own[axis]!) ? 1 : n)),
        )
  }
  return Object.fromEntries(operands.map((_, k) => [k, gradient(k)]))
}

interface Mirror {
  readonly axis: number
  readonly size: number
  readonly before: number
  readonly after: number
  /** 1 where the outermost element itself is not repeated. */
  readonly edge: number
}

/** Adds what was mirrored along an axis to where it came from. */
function unmirror(dy: tf.Tensor, { axis, size, before, after, edge }: Mirror): tf.Tensor {
  const part = (begin: number, length: number, offset: number, reversed = true) => {
    const cut = tf.slice(
      dy,
      dy.shape.map((_, i) => (i === axis ? begin : 0)),
      dy.shape.map((n, i) => (i === axis ? length : n)),
    )
    const pads = dy.shape.map((_, i): [number, number] => (i === axis ? [offset, size - offset - length] : [0, 0]))
    return tf.pad(reversed ? tf.reverse(cut, axis) : cut, pads)
  }
  const parts = [part(before, size, 0, false)]
  if (before > 0) parts.push(part(0, before, edge))
  if (after > 0) parts.push(part(before + size, after, size - edge - after))
  return tf.addN(parts)
}

/**
 * Replaces the gradients that TensorFlow.js has wrong, for every backend: second derivatives of exp, tanh, sigmoid,
 * elu, selu, leakyRelu, softmax, and of pow by its exponent, become right, as do the first of cumsum,
 * mirrorPad, broadcasting maximum, minimum and squaredDifference, einsum, and tf.where() with a comparison. jit() and the backend
 * `revflow` do this themselves; without them, call it once after TensorFlow.js is loaded.
 */
export function correctGradients(): void {
  for (const config of corrected) if (tf.getGradient(config.kernelName) !== config) tf.registerGradient(config)
}
