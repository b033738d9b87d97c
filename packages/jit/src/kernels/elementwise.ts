import type { Graph, GraphType, Value } from '../graph/graph.ts'
import { broadcastShape, elementwise, type KernelTable, listOf } from './kernel.ts'

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
  Exp: 'Exp',
  Floor: 'Floor',
  Log: 'Log',
  LogicalNot: 'Not',
  Neg: 'Neg',
  Reciprocal: 'Reciprocal',
  Relu: 'Relu',
  Round: 'Round',
  Sigmoid: 'Sigmoid',
  Sign: 'Sign',
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

export const unary = (g: Graph, op: string, x: Value): Value => g.op(op, [x], x.shape)
const choose = (g: Graph, condition: Value, yes: Value, no: Value): Value =>
  g.op('Where', [condition, yes, no], condition.shape, yes.dtype)

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
  Identity: (_, { x }) => x!,
  NotEqual: (g, { a, b }) => unary(g, 'Not', elementwise(g, 'Equal', a!, b!, 'bool')),
  Cast: (g, { x }, { dtype }) => truncate(g, x!, dtype as GraphType),
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
  FloorDiv: (g, { a, b }) => {
    const quotient = elementwise(g, 'Div', cast(g, a!, 'float32'), cast(g, b!, 'float32'))
    return cast(g, unary(g, 'Floor', quotient), 'int32')
  },
  Mod: (g, { a, b }) => {
    if (a!.dtype !== 'float32') return elementwise(g, 'Mod', a!, b!)
    const whole = unary(g, 'Floor', elementwise(g, 'Div', a!, b!))
    return elementwise(g, 'Sub', a!, elementwise(g, 'Mul', whole, b!))
  },
  Relu6: (g, { x }) => g.op('Clip', [x!, g.scalar(0), g.scalar(6)], x!.shape),
  LeakyRelu: (g, { x }, { alpha }) =>
    g.op('LeakyRelu', [x!], x!.shape, 'float32', { alpha: { float: alpha as number } }),
  Prelu: (g, { x, alpha }) => g.op('PRelu', [x!, alpha!], x!.shape),
  ClipByValue: (g, { x }, { clipValueMin, clipValueMax }) =>
    g.op(
      'Clip',
      [x!, g.scalar(clipValueMin as number, x!.dtype), g.scalar(clipValueMax as number, x!.dtype)],
      x!.shape,
    ),
  Step: (g, { x }, { alpha }) => {
    const positive = elementwise(g, 'Greater', x!, g.scalar(0, x!.dtype), 'bool')
    // the cast of a bool is several times faster than a choice of two scalars
    return alpha === 0 ? cast(g, positive, 'float32') : choose(g, positive, g.scalar(1), g.scalar(alpha as number))
  },
  EluGrad: (g, { dy, y }) =>
    choose(
      g,
      elementwise(g, 'GreaterOrEqual', y!, g.scalar(0), 'bool'),
      dy!,
      elementwise(g, 'Mul', dy!, elementwise(g, 'Add', y!, g.scalar(1))),
    ),
  Select: (g, { condition, t, e }) =>
    g.op('Where', [cast(g, condition!, 'bool'), t!, e!], broadcastShape(t!, e!), t!.dtype),
  AddN: (g, inputs) => listOf(inputs).reduce((sum, x) => elementwise(g, 'Add', sum, x)),
}

/** TensorFlow.js casts floats to int32 towards zero, and NaN to bool as true. */
function truncate(g: Graph, x: Value, dtype: GraphType): Value {
  if (dtype === 'bool' && x.dtype !== 'bool')
    return unary(g, 'Not', elementwise(g, 'Equal', x, g.scalar(0, x.dtype), 'bool'))
  return cast(g, x, dtype)
}
