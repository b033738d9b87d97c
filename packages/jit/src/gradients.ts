import * as tf from '@tensorflow/tfjs-core'

type GradFunc = (dy: tf.Tensor, saved: tf.Tensor[], attrs: tf.NamedAttrMap) => Record<string, () => tf.Tensor>
/** A gradient written in the kernel's inputs, saved by name. */
const ofInputs = (kernelName: string, inputsToSave: string[], gradFunc: GradFunc): tf.GradConfig => ({
  kernelName,
  inputsToSave,
  gradFunc: (dy, saved, attrs) => gradFunc(dy as tf.Tensor, saved, attrs),
})

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
 * Gradients of the kernels whose TensorFlow.js gradient is wrong or missing. That of elu is a kernel without a gradient
 * of its own; those of maximum, minimum and squaredDifference do not broadcast, that of cumsum transposes unless it runs
 * along the last axis, that of prod counts no axis from the end, that of mirrorPad leaves out what was mirrored; einsum
 * has none, and neither have comparisons, whose gradient is zero: a tf.where() on them cannot be differentiated.
 */
const corrected: readonly tf.GradConfig[] = [
  ofInputs('Elu', ['x'], (dy, [x]) => ({
    x: () => tf.mul(dy, tf.where(tf.greater(x!, 0), tf.onesLike(x!), tf.exp(tf.minimum(x!, 0)))),
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
  ofInputs('Prod', ['x'], (dy, [x], { axis }) => ({ x: () => productGradient(dy, x!, axis as number | number[]) })),
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

/** dy times the product of the other elements: those before and those after, along the reduced axes as one. */
function productGradient(dy: tf.Tensor, x: tf.Tensor, axis: number | number[] | null): tf.Tensor {
  const reduced = tf.util.parseAxisParam(axis ?? [...x.shape.keys()], x.shape)
  const order = [...[...x.shape.keys()].filter((i) => !reduced.includes(i)), ...reduced]
  const moved = tf.transpose(x, order)
  const rows = tf.reshape(moved, [dy.size, -1])
  const others = tf.mul(tf.cumprod(rows, 1, true), tf.cumprod(rows, 1, true, true))
  const product = tf.reshape(tf.mul(tf.reshape(dy, [-1, 1]), others), moved.shape)
  return tf.transpose(
    product,
    order.map((_, i) => order.indexOf(i)),
  )
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

/** The part of TensorFlow.js's engine that records operations for differentiation; not public. */
interface Recorder {
  readonly state: { readonly activeTape: unknown[] }
  addTapeNode(
    name: string,
    inputs: object,
    outputs: unknown[],
    gradient: unknown,
    saved: unknown[],
    attrs: unknown,
  ): void
}
const mended = new WeakSet<Recorder>()

/**
 * An operation that saves its *output* for its gradient, as exp, tanh, softmax and logSoftmax do, saves a copy, and
 * TensorFlow.js records the copying before the operation: walked backwards, what reaches the copy never reaches the
 * operation, and a second derivative throws or silently loses a term. Here an operation comes before its copies.
 */
function recordInOrder(engine: Recorder): void {
  if (mended.has(engine)) return
  mended.add(engine)
  const add = engine.addTapeNode
  engine.addTapeNode = function (...record) {
    add.apply(this, record)
    const { activeTape } = this.state
    const [node, copies] = [activeTape.pop(), record[4].length]
    activeTape.splice(activeTape.length - copies, 0, node)
  }
}

/**
 * Mends what TensorFlow.js differentiates wrongly, on every backend. Second derivatives become right where an operation
 * saves its output (exp, tanh, sigmoid, selu, softmax, logSoftmax, pow by its exponent, a customGrad that does so) and
 * for elu; first ones of cumsum, mirrorPad, prod, broadcasting maximum, minimum and squaredDifference, einsum, and
 * tf.where() with a comparison. jit() and the backend `revflow` do this themselves; without them, call it once after
 * TensorFlow.js is loaded.
 */
export function correctGradients(): void {
  recordInOrder(tf.engine() as unknown as Recorder)
  for (const config of corrected) if (tf.getGradient(config.kernelName) !== config) tf.registerGradient(config)
}
