import { broadcast_util, type DataType, upcastType } from '@tensorflow/tfjs-core'
import type { Graph, GraphType, Value } from '../graph/graph.ts'
import { broadcastShape, elementwise, expand, type KernelTable, listOf } from './kernel.ts'

const SELU_SCALE = 1.0507009873554805
const SELU_SCALE_ALPHA = 1.7580993408473768

/** TensorFlow.js kernels of one operand whose ONNX operation means the same. */
const SAME_UNARY = {
  Abs: 'Abs',
  Acos: 'Acos',
  Acosh: 'Acosh',
  Asin: 'Asin',
  Asinh: 'Asinh',
  Atan: 'Atan',
  Atanh: 'Atanh',
  Ceil: 'Ceil',
  Cos: 'Cos',
  Cosh: 'Cosh',
  Elu: 'Elu',
  Erf: 'Erf',
  Floor: 'Floor',
  Log: 'Log',
  LogicalNot: 'Not',
  Neg: 'Neg',
  Reciprocal: 'Reciprocal',
  Relu: 'Relu',
  Sigmoid: 'Sigmoid',
  Sin: 'Sin',
  Sinh: 'Sinh',
  Softplus: 'Softplus',
  Sqrt: 'Sqrt',
  Tan: 'Tan',
  Tanh: 'Tanh',
} as const

/** Kernels of two broadcast operands whose ONNX operation means the same. */
const SAME_BINARY = {
  Add: 'Add',
  BitwiseAnd: 'BitwiseAnd',
  Maximum: 'Max',
  Minimum: 'Min',
  Multiply: 'Mul',
  Pow: 'Pow',
  RealDiv: 'Div',
  Sub: 'Sub',
} as const

/** Comparisons and logic: the result is bool. */
const COMPARISON = {
  Equal: 'Equal',
  Greater: 'Greater',
  GreaterEqual: 'GreaterOrEqual',
  Less: 'Less',
  LessEqual: 'LessOrEqual',
  LogicalAnd: 'And',
  LogicalOr: 'Or',
} as const

/** onnx.TensorProto.DataType, for Cast. */
const CAST_TO: Record<GraphType, number> = { float32: 1, int32: 6, int64: 7, bool: 9 }

/** Casts; nothing where the type is right already. */
export function cast(g: Graph, x: Value, dtype: GraphType): Value {
  return x.dtype === dtype ? x : g.op('Cast', [x], x.shape, dtype, { to: CAST_TO[dtype] })
}

/** Sums and products of bools are counted. */
export const countable = (g: Graph, x: Value): Value => (x.dtype === 'bool' ? cast(g, x, 'int32') : x)

/** Appends an elementwise operation on one operand, and numbers; broadcasts are carried outwards. */
export function unary(g: Graph, op: string, x: Value, more: readonly Value[] = []): Value {
  const source = g.unexpanded(x)
  return expand(g, g.op(op, [source, ...more], source.shape), x.shape)
}

/** Of two values, by a condition; all broadcast. ONNX Runtime chooses between no bools: they go through int32. */
export function choose(g: Graph, condition: Value, yes: Value, no: Value): Value {
  if (yes.dtype === 'bool') return cast(g, choose(g, condition, cast(g, yes, 'int32'), cast(g, no, 'int32')), 'bool')
  const shape = broadcast_util.assertAndGetBroadcastShape([...condition.shape], broadcastShape(yes, no))
  return g.op('Where', [condition, yes, no], shape, yes.dtype)
}

/** Bounds of a kind of number: an int32 is never infinite. */
const clip = (g: Graph, x: Value, least: number, most: number): Value => {
  const bound = (n: number) => (x.dtype === 'int32' ? Math.min(2 ** 31 - 1, Math.max(-(2 ** 31), n)) : n)
  return unary(g, 'Clip', x, [g.scalar(bound(least), x.dtype), g.scalar(bound(most), x.dtype)])
}

/** Integers and what they are divided by; 0/1 where that is 0, which the processor refuses to divide by. */
function divisible(g: Graph, a: Value, b: Value): [Value, Value] {
  const zero = elementwise(g, 'Equal', b, g.scalar(0, b.dtype), 'bool')
  return [choose(g, zero, g.scalar(0, a.dtype), a), choose(g, zero, g.scalar(1, b.dtype), b)]
}

const table = <T extends Record<string, string>>(names: T, kernel: (op: string) => KernelTable[string]): KernelTable =>
  Object.fromEntries(Object.entries(names).map(([name, op]) => [name, kernel(op)]))

/** Elementwise kernels. Those that ONNX lacks are composed; the forms keep full float32 precision near zero. */
export const elementwiseKernels: KernelTable = {
  ...table(
    SAME_UNARY,
    (op) =>
      (g, { x }) =>
        unary(g, op, x!),
  ),
  ...table(
    SAME_BINARY,
    (op) =>
      (g, { a, b }) =>
        elementwise(g, op, a!, b!),
  ),
  ...table(
    COMPARISON,
    (op) =>
      (g, { a, b }) =>
        elementwise(g, op, a!, b!, 'bool'),
  ),
  Exp: (g, { x }) => unary(g, 'Exp', cast(g, x!, 'float32')),
  Round: (g, { x }) => (x!.dtype === 'float32' ? unary(g, 'Round', x!) : x!),
  // two casts are several times faster than ONNX's Sign, and give 0 for NaN as TensorFlow.js does
  Sign: (g, { x }) => {
    const side = (op: string) => cast(g, elementwise(g, op, x!, g.scalar(0, x!.dtype), 'bool'), x!.dtype)
    return elementwise(g, 'Sub', side('Greater'), side('Less'))
  },
  NotEqual: (g, { a, b }) => unary(g, 'Not', elementwise(g, 'Equal', a!, b!, 'bool')),
  Cast: (g, { x }, { dtype }) => convert(g, x!, dtype as GraphType),
  Square: (g, { x }) => elementwise(g, 'Mul', x!, x!),
  Rsqrt: (g, { x }) => unary(g, 'Reciprocal', unary(g, 'Sqrt', x!)),
  Selu: (g, { x }) =>
    g.op('Selu', [x!], x!.shape, 'float32', {
      alpha: { float: SELU_SCALE_ALPHA / SELU_SCALE },
      gamma: { float: SELU_SCALE },
    }),
  IsNan: (g, { x }) => g.op('IsNaN', [x!], x!.shape, 'bool'),
  IsInf: (g, { x }) => g.op('IsInf', [x!], x!.shape, 'bool'),
  IsFinite: (g, { x }) => {
    const bad = elementwise(g, 'Or', g.op('IsNaN', [x!], x!.shape, 'bool'), g.op('IsInf', [x!], x!.shape, 'bool'))
    return unary(g, 'Not', bad)
  },
  // expm1(x) = tanh(x/2)·(exp x + 1)
  Expm1: (g, { x }) => {
    const half = unary(g, 'Tanh', elementwise(g, 'Mul', x!, g.scalar(0.5)))
    return elementwise(g, 'Mul', half, elementwise(g, 'Add', unary(g, 'Exp', x!), g.scalar(1)))
  },
  // Kahan: x·log(u)/(u−1) with u = fl(1+x) cancels the rounding of u; x itself where u = 1 or u = ∞
  Log1p: (g, { x }) => {
    const u = elementwise(g, 'Add', x!, g.scalar(1))
    const ratio = elementwise(g, 'Div', unary(g, 'Log', u), elementwise(g, 'Sub', u, g.scalar(1)))
    const plain = elementwise(
      g,
      'Or',
      elementwise(g, 'Equal', u, g.scalar(1), 'bool'),
      elementwise(g, 'Equal', x!, g.scalar(Number.POSITIVE_INFINITY), 'bool'),
    )
    return choose(g, plain, x!, elementwise(g, 'Mul', x!, ratio))
  },
  SquaredDifference: (g, { a, b }) => {
    const difference = elementwise(g, 'Sub', a!, b!)
    return elementwise(g, 'Mul', difference, difference)
  },
  // integers: (a − a mod b)/b, in int64 so that −2³¹ can be divided by −1
  FloorDiv: (g, { a, b }) => {
    if (a!.dtype === 'float32') return convert(g, unary(g, 'Floor', elementwise(g, 'Div', a!, b!)), 'int32')
    const [n, d] = divisible(g, cast(g, a!, 'int64'), cast(g, b!, 'int64'))
    return cast(g, elementwise(g, 'Div', elementwise(g, 'Sub', n, elementwise(g, 'Mod', n, d)), d), 'int32')
  },
  // the remainder takes the divisor's sign
  Mod: (g, { a, b }) => {
    if (a!.dtype !== 'float32') return elementwise(g, 'Mod', ...divisible(g, a!, b!))
    const remainder = g.op('Mod', [a!, b!], broadcastShape(a!, b!), 'float32', { fmod: 1 })
    const product = elementwise(g, 'Mul', unary(g, 'Sign', remainder), unary(g, 'Sign', b!))
    const opposite = elementwise(g, 'Less', product, g.scalar(0), 'bool')
    return choose(g, opposite, elementwise(g, 'Add', remainder, b!), remainder)
  },
  Atan2: (g, { a, b }) => atan2(g, a!, b!),
  Relu6: (g, { x }) => clip(g, x!, 0, 6),
  LeakyRelu: (g, { x }, { alpha }) => {
    const operand = cast(g, x!, 'float32')
    return g.op('LeakyRelu', [operand], x!.shape, 'float32', { alpha: { float: alpha as number } })
  },
  Prelu: (g, { x, alpha }) => g.op('PRelu', [cast(g, x!, 'float32'), cast(g, alpha!, 'float32')], x!.shape, 'float32'),
  ClipByValue: (g, { x }, { clipValueMin, clipValueMax }) =>
    clip(g, x!, clipValueMin as number, clipValueMax as number),
  // clip(3e38 x, 0, 1) is 1 for every positive x that is not subnormal, and NaN for NaN; one pass
  Step: (g, { x }, { alpha }) => {
    const step = g.op('HardSigmoid', [cast(g, x!, 'float32')], x!.shape, 'float32', {
      alpha: { float: 3e38 },
      beta: { float: 0 },
    })
    const zero = elementwise(g, 'Equal', step, g.scalar(0), 'bool')
    return cast(g, alpha === 0 ? step : choose(g, zero, g.scalar(alpha as number), step), x!.dtype)
  },
  EluGrad: (g, { dy, y }) =>
    choose(
      g,
      elementwise(g, 'GreaterOrEqual', y!, g.scalar(0), 'bool'),
      dy!,
      elementwise(g, 'Mul', dy!, elementwise(g, 'Add', y!, g.scalar(1))),
    ),
  Select: (g, { condition, t, e }) => {
    const dtype = upcastType(t!.dtype as DataType, e!.dtype as DataType) as GraphType
    return choose(g, cast(g, condition!, 'bool'), cast(g, t!, dtype), cast(g, e!, dtype))
  },
  AddN: (g, inputs) => listOf(inputs).reduce((sum, x) => elementwise(g, 'Add', sum, x)),
}

/** A type conversion as TensorFlow.js makes it: NaN is true; floats that no int32 holds are 0. */
export function convert(g: Graph, x: Value, dtype: GraphType): Value {
  if (dtype === 'bool' && x.dtype !== 'bool')
    return unary(g, 'Not', elementwise(g, 'Equal', x, g.scalar(0, x.dtype), 'bool'))
  if (dtype !== 'int32' || x.dtype !== 'float32') return cast(g, x, dtype)
  const fits = elementwise(g, 'Less', unary(g, 'Abs', x), g.scalar(2 ** 31), 'bool')
  return cast(g, choose(g, fits, x, g.scalar(0)), dtype)
}

/** The angle of (x, y) from the arc tangent of |y/x|, reflected by the signs, those of zeros included. */
function atan2(g: Graph, y: Value, x: Value): Value {
  const negative = (v: Value) => {
    const below = (w: Value) => elementwise(g, 'Less', w, g.scalar(0), 'bool')
    return elementwise(g, 'Or', below(v), below(unary(g, 'Reciprocal', v)))
  }
  const [rise, run] = [unary(g, 'Abs', y), unary(g, 'Abs', x)]
  // 1 for ∞/∞, 0 for 0/0
  const same = cast(g, elementwise(g, 'Greater', rise, g.scalar(0), 'bool'), 'float32')
  const ratio = choose(g, elementwise(g, 'Equal', rise, run, 'bool'), same, elementwise(g, 'Div', rise, run))
  const angle = unary(g, 'Atan', ratio)
  const half = choose(g, negative(x), elementwise(g, 'Sub', g.scalar(Math.PI), angle), angle)
  return choose(g, negative(y), unary(g, 'Neg', half), half)
}
