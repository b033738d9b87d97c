import { lookUp, RevflowError } from '@revflow/core'

/** Shape of {@link tolerance} outside the bounds. */
export type Sigmoid =
  | 'gaussian'
  | 'hyperbolic'
  | 'long_tail'
  | 'reciprocal'
  | 'cosine'
  | 'linear'
  | 'quadratic'
  | 'tanh_squared'

/** Where {@link tolerance} is 1, and how it falls off beside that. */
export interface ToleranceOptions {
  /** Interval on which the value is 1, in the unit of `x`. A missing end is infinite; default: the point 0. */
  readonly bounds?: { readonly lower?: number; readonly upper?: number }
  /** Distance from the bounds at which the value is `valueAtMargin`, in the unit of `x`, ≥ 0; 0 (default): a step. */
  readonly margin?: number
  /** Default `gaussian`. */
  readonly sigmoid?: Sigmoid
  /** In (0, 1), or [0, 1) for `cosine`, `linear` and `quadratic`; default 0.1. */
  readonly valueAtMargin?: number
}

/** One sigmoid: its value at distance `d` ≥ 0 (in margins), scaled so that the value at `d = 1` is `v`. */
interface SigmoidFunction {
  /** Reaches zero at a finite distance, so `v = 0` is possible. */
  readonly finite: boolean
  value(d: number, v: number): number
}

const sigmoids: Readonly<Record<Sigmoid, SigmoidFunction>> = {
  gaussian: { finite: false, value: (d, v) => Math.exp(-0.5 * (d * Math.sqrt(-2 * Math.log(v))) ** 2) },
  hyperbolic: { finite: false, value: (d, v) => 1 / Math.cosh(d * Math.acosh(1 / v)) },
  long_tail: { finite: false, value: (d, v) => 1 / ((d * Math.sqrt(1 / v - 1)) ** 2 + 1) },
  reciprocal: { finite: false, value: (d, v) => 1 / (d * (1 / v - 1) + 1) },
  cosine: {
    finite: true,
    value: (d, v) => {
      const scaled = (d * Math.acos(2 * v - 1)) / Math.PI
      return scaled < 1 ? (1 + Math.cos(Math.PI * scaled)) / 2 : 0
    },
  },
  linear: { finite: true, value: (d, v) => Math.max(0, 1 - d * (1 - v)) },
  quadratic: { finite: true, value: (d, v) => Math.max(0, 1 - (d * Math.sqrt(1 - v)) ** 2) },
  tanh_squared: { finite: false, value: (d, v) => 1 - Math.tanh(d * Math.atanh(Math.sqrt(1 - v))) ** 2 },
}

function invalid(path: string, expected: string, received: unknown): never {
  throw new RevflowError({ code: 'invalid-option', path: `tolerance.${path}`, expected, received: String(received) })
}

const pointZero = { lower: 0, upper: 0 }

/**
 * The reward shaping function of the DeepMind Control Suite: 1 where `x` is within the bounds, falling to
 * `valueAtMargin` at distance `margin` from them. Values in [0, 1].
 * @throws RevflowError for inverted bounds, a negative margin, an unknown sigmoid or a value it cannot take
 */
export function tolerance(x: number, options: ToleranceOptions = {}): number {
  const { bounds = pointZero, margin = 0, sigmoid = 'gaussian', valueAtMargin = 0.1 } = options
  const { lower = -Infinity, upper = Infinity } = bounds
  if (!(lower <= upper)) invalid('bounds', 'lower ≤ upper', `${lower} … ${upper}`)
  if (!(margin >= 0)) invalid('margin', 'at least 0', margin)
  if (x >= lower && x <= upper) return 1
  if (margin === 0) return 0
  const shape = Object.hasOwn(sigmoids, sigmoid) ? sigmoids[sigmoid] : lookUp('tolerance.sigmoid', sigmoid, sigmoids)
  const low = shape.finite ? valueAtMargin >= 0 : valueAtMargin > 0
  if (!(low && valueAtMargin < 1)) invalid('valueAtMargin', shape.finite ? '[0, 1)' : '(0, 1)', valueAtMargin)
  return shape.value((x < lower ? lower - x : x - upper) / margin, valueAtMargin)
}
