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
 * along the last axis, that of prod counts no axis from the end, that of mirrorPad leaves out what was mirrored, those of
 * split and unstack throw where there is one part; cumprod, einsum, gatherND, scatterND, tensorScatterUpdate, stridedSlice
 * and topk have none, and neither have comparisons, whose gradient is zero: a tf.where() on them cannot be
 * differentiated.
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
  ofInputs('Cumprod', ['x'], (dy, [x], attrs) => ({
    x: () => cumulativeProductGradient(dy, x!, attrs as unknown as CumulativeProduct),
  })),
  ofInputs('GatherNd', ['params', 'indices'], (dy, [params, indices]) => ({
    params: () => tf.scatterND(indices!, dy, params!.shape),
    indices: () => zeros(indices!),
  })),
  ofInputs('ScatterNd', ['indices'], (dy, [indices]) => ({
    indices: () => zeros(indices!),
    updates: () => tf.gatherND(dy, indices!),
  })),
  ofInputs('TensorScatterUpdate', ['indices', 'updates'], (dy, [indices, updates]) => ({
    // not dy with zeros written into it: the cpu backend writes into what it is given
    tensor: () => tf.mul(dy, tf.tensorScatterUpdate(tf.ones(dy.shape), indices!, zeros(updates!))),
    indices: () => zeros(indices!),
    updates: () => tf.gatherND(dy, indices!),
  })),
  ofInputs('SplitV', [], (dy, _, { axis }) => ({ x: () => tf.concat(parts(dy), axis as number) })),
  ofInputs('Unpack', [], (dy, _, { axis }) => ({ value: () => tf.stack(parts(dy), axis as number) })),
  ofInputs('StridedSlice', ['x'], (dy, [x], a) => ({
    x: () => {
      const taken = (y: tf.Tensor) =>
        tf.engine().runKernel('StridedSlice', { x: y } as unknown as tf.NamedTensorMap, a) as tf.Tensor
      return moveTo(taken(tf.reshape(tf.range(0, x!.size, 1, 'int32'), x!.shape)), dy, x!)
    },
  })),
  ofInputs('TopK', ['x'], (dys, [x], { k, sorted }) => ({
    x: () => {
      const [values] = dys as unknown as [tf.Tensor]
      const size = x!.shape.at(-1)!
      const rows = tf.reshape(tf.range(0, x!.size, size, 'int32'), [...x!.shape.slice(0, -1), 1])
      return moveTo(tf.add(rows, tf.topk(x!, k as number, sorted as boolean).indices), values, x!)
    },
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

/** Gradients of several results, which come bare where there is one. */
const parts = (dy: tf.Tensor | tf.Tensor[]): tf.Tensor[] => (Array.isArray(dy) ? dy : [dy])

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

/** Zeros like `x`, but `dy` added at `places` of its elements, in order. */
const moveTo = (places: tf.Tensor, dy: tf.Tensor, x: tf.Tensor): tf.Tensor =>
  tf.reshape(tf.scatterND(tf.reshape(places, [-1, 1]), tf.reshape(dy, [-1]), [x.size]), x.shape)

interface CumulativeProduct {
  readonly axis: number
  readonly exclusive: boolean
  readonly reverse: boolean
}

/** The product of what was before, times sᵢ = dyᵢ + xᵢ₊₁·sᵢ₊₁: what follows of xᵢ, without dividing by it. */
function cumulativeProductGradient(dy: tf.Tensor, x: tf.Tensor, at: CumulativeProduct): tf.Tensor {
  const { axis, exclusive, reverse } = at
  const backwards = (y: tf.Tensor) => tf.reverse(y, axis)
  if (reverse) return backwards(cumulativeProductGradient(backwards(dy), backwards(x), { ...at, reverse: false }))
  if (x.size === 0) return dy
  const factors = tf.unstack(x, axis)
  const slopes = tf.unstack(dy, axis)
  const direct = exclusive ? [...slopes.slice(1), tf.zerosLike(slopes[0]!)] : slopes
  const sums: tf.Tensor[] = [direct.at(-1)!]
  for (let i = factors.length - 2; i >= 0; i--) sums.unshift(tf.add(direct[i]!, tf.mul(factors[i + 1]!, sums[0]!)))
  return tf.mul(tf.cumprod(x, axis, true), tf.stack(sums, axis))
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
  saveTensorsForBackwardMode(tensors: readonly (tf.Tensor | null | undefined)[]): unknown[]
  addTapeNode(
    name: string,
    inputs: Readonly<Record<string, tf.Tensor | null | undefined>>,
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
 * An operand that was left out, as the scale of batchNorm may be, it records and copies too, which throws.
 */
function recordInOrder(engine: Recorder): void {
  if (mended.has(engine)) return
  mended.add(engine)
  const add = engine.addTapeNode
  engine.addTapeNode = function (name, inputs, outputs, gradient, saved, attrs) {
    const given = Object.fromEntries(Object.entries(inputs).filter(([, input]) => input != null))
    add.call(this, name, given, outputs, gradient, saved, attrs)
    const { activeTape } = this.state
    const [node, copies] = [activeTape.pop(), saved.length]
    activeTape.splice(activeTape.length - copies, 0, node)
  }
  const save = engine.saveTensorsForBackwardMode
  engine.saveTensorsForBackwardMode = function (tensors) {
    return save.call(this, tensors.filter(Boolean))
  }
}

type Gradients = ReturnType<tf.GradFunc>
/** What TensorFlow.js's gradients of a kernel lack, by the kernel's name. */
const lacking: Readonly<Record<string, (gradients: Gradients, saved: tf.Tensor[]) => Gradients>> = {
  // to indices, which argMax() or topk() may have made of what is differentiated, it gives themselves
  GatherV2: (gradients, [, indices]) => ({ ...gradients, indices: () => zeros(indices!) }),
  // an operand that is broadcast along leading axes gets the gradient of all its copies
  BatchMatMul: (gradients, [a, b]) => ({
    a: () => unbroadcast(gradients.a!(), a!),
    b: () => unbroadcast(gradients.b!(), b!),
  }),
}
const completed = new Map<string, tf.GradConfig>()

/** Adds what TensorFlow.js's own gradients lack, which are there once it is loaded. */
function complete(): void {
  for (const [kernelName, add] of Object.entries(lacking)) {
    const known = tf.getGradient(kernelName)
    if (!known || known === completed.get(kernelName)) continue
    const gradFunc: tf.GradFunc = (dy, saved, attrs) => add(known.gradFunc(dy, saved, attrs), saved)
    completed.set(kernelName, { ...known, gradFunc })
    tf.registerGradient(completed.get(kernelName)!)
  }
}

/**
 * Mends what TensorFlow.js differentiates wrongly, on every backend. Second derivatives become right where an operation
 * saves its output (exp, tanh, sigmoid, selu, softmax, logSoftmax, pow by its exponent, a customGrad that does so) and
 * for elu; first ones of cumsum, mirrorPad, prod, broadcasting maximum, minimum, squaredDifference and matMul, batchNorm
 * without a scale, gather by what argMax() or topk() found, cumprod, einsum, gatherND, scatterND, tensorScatterUpdate,
 * stridedSlice, topk, and tf.where() with a comparison. jit() and the backend `revflow` do this themselves; without them,
 * call it once after TensorFlow.js is loaded.
 */
export function correctGradients(): void {
  recordInOrder(tf.engine() as unknown as Recorder)
  complete()
  for (const config of corrected) if (tf.getGradient(config.kernelName) !== config) tf.registerGradient(config)
}
