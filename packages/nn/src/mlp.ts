import { checkTensorflow, lookUp, RevflowError, type Rng } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'
import { type Activation, activations } from './activations.ts'
import { centre, layerNorm, normaliseCentred } from './layer-norm.ts'

/** The form of an {@link mlp}. */
export interface MlpOptions {
  /** Sizes of the inputs; the first layer sees their concatenation. */
  readonly inputs: readonly number[]
  /** Widths of the hidden layers. */
  readonly hidden: readonly number[]
  /** Numbers it gives for each row. */
  readonly outputs: number
  /** After each hidden layer. */
  readonly activation: Activation
  /** LayerNorm before each activation. */
  readonly layerNorm?: boolean
  /** Factor on the last layer's initial weights. */
  readonly outputScale?: number
}

/** One dense layer: a kernel for each input, [n_i, m], and a bias [m]. */
interface Layer {
  readonly [name: string]: tf.Tensor
}
/** The parameters of an {@link mlp}: `layer0`, `layer1`, … */
export interface MlpParams {
  readonly [layer: string]: Layer
}

/** A network as pure functions of its parameters. */
export interface Mlp {
  /** Weights uniform within ±√(3/fan-in) (LeCun), biases zero. */
  init(rng: Rng): MlpParams
  /**
   * [..., outputs]. Inputs are [B, n_i] or [B, K, n_i]; where some have K, the others are computed once and broadcast.
   * @throws RevflowError (`shape-mismatch`)
   */
  apply(params: MlpParams, inputs: readonly tf.Tensor[]): tf.Tensor
}

/**
 * A multilayer perceptron over plain parameters. Its first layer has a kernel for each input, which equals one kernel
 * on their concatenation but computes what candidates of one state share only once.
 * @throws RevflowError (`two-tensorflows`, `unknown-name`)
 */
export function mlp(options: MlpOptions): Mlp {
  checkTensorflow(tf)
  const { inputs: sizes, hidden, outputs, activation, layerNorm: normalise = false, outputScale = 1 } = options
  const widths = [...hidden, outputs]
  const fanIns = [sizes.reduce((a, b) => a + b), ...hidden]
  const activate = lookUp('mlp.activation', activation, activations)
  return {
    init(rng) {
      const layers = widths.map((width, i) => {
        const ins = i === 0 ? sizes : [widths[i - 1]!]
        const bound = Math.sqrt(3 / fanIns[i]!) * (i === hidden.length ? outputScale : 1)
        const kernels = ins.map((n, j) => [
          `kernel${j}`,
          tf.tensor2d(rng.fillUniform(new Float32Array(n * width), -bound, bound), [n, width]),
        ])
        const norm = normalise && i < hidden.length ? { scale: tf.ones([width]), offset: tf.zeros([width]) } : {}
        return [`layer${i}`, { ...Object.fromEntries(kernels), bias: tf.zeros([width]), ...norm }]
      })
      return Object.fromEntries(layers) as MlpParams
    },
    apply(params, inputs) {
      checkInputs(inputs, sizes)
      const layers = widths.map((_, i) => params[`layer${i}`]!)
      // the mean of a layer's outputs is taken from its weights or from them, whichever are fewer rows
      const rows = Math.max(...inputs.map(({ shape, size }) => size / shape.at(-1)!))
      const byWeights = layers.map(({ scale }, i) => scale && rows > fanIns[i]!)
      const [first, ...rest] = layers.map((layer, i) => (byWeights[i] ? centred(layer) : layer)) as [Layer, ...Layer[]]
      const start = firstLayer(first, inputs)
      let x: tf.Tensor = rowsOf(start)
      for (const [i, next] of rest.entries()) {
        const { scale, offset } = layers[i]!
        const normalised = byWeights[i] ? normaliseCentred : layerNorm
        x = activate(scale && offset ? normalised(x, scale, offset) : x)
        x = dense(x as tf.Tensor2D, next.kernel0!, next.bias!)
      }
      return start.rank === 2 ? x : tf.reshape(x, [...start.shape.slice(0, -1), outputs])
    },
  }
}

/** The layer whose outputs are those of `layer` less their mean: it costs the size of the weights, not of the batch. */
function centred({ scale: _, offset: __, ...dense }: Layer): Layer {
  return Object.fromEntries(Object.entries(dense).map(([name, weights]) => [name, centre(weights)]))
}

/** Σ_i x_i·W_i + b, inputs of lower rank broadcast over the candidates. */
function firstLayer(layer: Layer, inputs: readonly tf.Tensor[]): tf.Tensor {
  const rank = Math.max(...inputs.map((x) => x.rank))
  const product = (x: tf.Tensor, i: number) => {
    const y = dense(rowsOf(x), layer[`kernel${i}`]!, i === 0 ? layer.bias : undefined)
    return x.rank === 2 ? y : tf.reshape(y, [...x.shape.slice(0, -1), y.shape[1]!])
  }
  const terms = inputs.map(product)
  const shared = terms.filter((term) => term.rank < rank)
  const own = sum(terms.filter((term) => term.rank === rank))
  return shared.length > 0 ? tf.add(own, tf.expandDims(sum(shared), 1)) : own
}

const sum = (terms: readonly tf.Tensor[]): tf.Tensor => terms.reduce((a, b) => tf.add(a, b))

/** All rows of the last axis, [n, m]. */
const rowsOf = (x: tf.Tensor): tf.Tensor2D => tf.reshape(x, [-1, x.shape.at(-1)!])

/** x·W + b */
function dense(x: tf.Tensor2D, kernel: tf.Tensor, bias?: tf.Tensor): tf.Tensor2D {
  const product: tf.Tensor2D = tf.matMul(x, kernel as tf.Tensor2D)
  return bias ? tf.add(product, bias) : product
}

function checkInputs(inputs: readonly tf.Tensor[], sizes: readonly number[]): void {
  const received = inputs.map((x) => `[${x.shape}]`).join(', ')
  if (inputs.length === sizes.length && inputs.every((x, i) => x.rank >= 2 && x.shape.at(-1) === sizes[i])) return
  const expected = sizes.map((n) => `[…, ${n}]`).join(', ')
  throw new RevflowError({ code: 'shape-mismatch', path: 'mlp inputs', expected, received })
}
