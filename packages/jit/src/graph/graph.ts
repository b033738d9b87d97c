import { type DType, sizeOf, type TensorSpec } from '../host-tensor.ts'

/** Element types inside a graph: `int64` serves only shapes, axes and indices that ONNX wants so. */
export type GraphType = DType | 'int64'
/** A named value of a graph. */
export interface Value {
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: GraphType
}
export type Attribute = number | string | readonly number[] | { readonly float: number }
export interface Node {
  readonly op: string
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
  readonly attributes: Readonly<Record<string, Attribute>>
}
export interface Initializer extends Value {
  /** Row-major, little endian. */
  readonly bytes: Uint8Array
}

/** Elementwise operations on floats: each number of the result needs that number of each operand, or what is broadcast to it. */
export const ELEMENTWISE: ReadonlySet<string> = new Set(
  'Abs Add Clip Cos Div Erf Exp HardSigmoid Log Max Min Mul Neg Pow Reciprocal Relu Sigmoid Sin Softplus Sqrt Sub Tanh'.split(
    ' ',
  ),
)

/** Arrays up to this many bytes are known by their content; larger ones by their identity, if they still are the same. */
const CONTENT_KEY_LIMIT = 4096

/** An ONNX graph under construction. Equal operations on equal values are shared, as are equal constants. */
export class Graph {
  readonly nodes: Node[] = []
  readonly initializers: Initializer[] = []
  readonly inputs: Value[] = []
  readonly outputs: Value[] = []
  #shared = new Map<string, readonly Value[]>()
  #constants = new WeakMap<ArrayBufferView, Initializer>()
  /** What a value was expanded from, by its name. */
  #expanded = new Map<string, Value>()
  #counter = 0

  input(name: string, { shape, dtype }: TensorSpec): Value {
    const value = { name, shape, dtype }
    this.inputs.push(value)
    return value
  }

  /** Marks `value` as an output called `name`, by an Identity until `prune` finds that it can do without. */
  output(name: string, value: Value): void {
    const result = { name, shape: value.shape, dtype: value.dtype }
    this.nodes.push({ op: 'Identity', inputs: [value], outputs: [result], attributes: {} })
    this.outputs.push(result)
  }

  /** Appends an operation with one output. */
  op(
    op: string,
    inputs: readonly Value[],
    shape: readonly number[],
    dtype: GraphType = inputs[0]!.dtype,
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Value {
    return this.ops(op, inputs, [{ shape, dtype }], attributes)[0]!
  }

  /** Appends an operation with several outputs. */
  ops(
    op: string,
    inputs: readonly Value[],
    outputs: readonly { shape: readonly number[]; dtype: GraphType }[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): readonly Value[] {
    const types = outputs.map(({ shape, dtype }) => `${dtype}[${shape}]`)
    const key = `${op}(${inputs.map((i) => i.name)})${JSON.stringify(attributes)}->${types}`
    const known = this.#shared.get(key)
    if (known) return known
    const values = outputs.map(({ shape, dtype }) => ({ name: this.#name(), shape, dtype }))
    this.nodes.push({ op, inputs, outputs: values, attributes })
    this.#shared.set(key, values)
    if (op === 'Expand') this.#expanded.set(values[0]!.name, this.unexpanded(inputs[0]!))
    return values
  }

  /** A constant. Arrays of one repeated float, and large ones of any number, become a broadcast scalar. */
  constant(dtype: GraphType, shape: readonly number[], data: ArrayLike<number>): Value {
    if (data.length > (dtype === 'float32' ? 1 : 64) && isUniform(data)) {
      const scalar = this.constant(dtype, [], [data[0]!])
      return this.op('Expand', [scalar, this.int64(shape)], shape)
    }
    const view = ArrayBuffer.isView(data) ? data : undefined
    const bytes = toBytes(dtype, data)
    const known = view && this.#constants.get(view)
    // an array may have been filled anew
    if (known && `${known.dtype}[${known.shape}]` === `${dtype}[${shape}]` && isEqual(known.bytes, bytes)) return known
    const key = bytes.length <= CONTENT_KEY_LIMIT ? `${dtype}[${shape}]${String.fromCharCode(...bytes)}` : undefined
    const shared = key === undefined ? undefined : this.#shared.get(key)?.[0]
    if (shared) return shared
    const value = { name: this.#name(), shape, dtype, bytes }
    this.initializers.push(value)
    if (key !== undefined) this.#shared.set(key, [value])
    else if (view) this.#constants.set(view, value)
    return value
  }

  /** The value that `value` is a broadcast of, or `value` itself. */
  unexpanded(value: Value): Value {
    return this.#expanded.get(value.name) ?? value
  }

  /** Whether a value is the constant 1, []. */
  isOne(value: Value): boolean {
    return value.shape.length === 0 && value.name === this.scalar(1, value.dtype).name
  }

  /** Whether a value is the constant that names this axis alone. */
  isAxis({ name }: Value, axis: number): boolean {
    const bytes = this.initializers.find((known) => known.name === name)?.bytes
    return bytes?.length === 8 && new BigInt64Array(bytes.slice().buffer)[0] === BigInt(axis)
  }

  scalar(value: number, dtype: GraphType = 'float32'): Value {
    return this.constant(dtype, [], [value])
  }

  int64(values: readonly number[]): Value {
    return this.constant('int64', [values.length], values)
  }

  /** Drops what no output depends on, and the copies that outputs are made by where what is copied can bear the name. */
  prune(): void {
    this.#nameOutputs()
    const needed = new Set(this.outputs.map(({ name }) => name))
    const live = this.nodes.toReversed().filter((node) => {
      if (!node.outputs.some(({ name }) => needed.has(name))) return false
      for (const { name } of node.inputs) needed.add(name)
      return true
    })
    // the places of greatest elements, an optional output, cost MaxPool its fast form
    const trimmed = live.map((node) =>
      node.op === 'MaxPool'
        ? { ...node, outputs: node.outputs.filter(({ name }, i) => i === 0 || needed.has(name)) }
        : node,
    )
    this.nodes.splice(0, Infinity, ...trimmed.toReversed())
    this.initializers.splice(0, Infinity, ...this.initializers.filter(({ name }) => needed.has(name)))
    // what was dropped must not be found again
    this.#shared = new Map()
    this.#constants = new WeakMap()
  }

  /** Drops inputs that nothing reads, which a caller then need not feed. */
  dropUnusedInputs(): void {
    const read = new Set(this.nodes.flatMap(({ inputs }) => inputs.map(({ name }) => name)))
    this.inputs.splice(0, Infinity, ...this.inputs.filter(({ name }) => read.has(name)))
  }

  /** Identities stay only where they keep outputs distinct from inputs, constants and each other. */
  #nameOutputs(): void {
    const computed = new Set(this.nodes.flatMap(({ outputs }) => outputs.map(({ name }) => name)))
    const outputs = new Set(this.outputs.map(({ name }) => name))
    const named = new Map<string, Value>()
    const nodes = this.nodes.filter(({ op, inputs: [from], outputs: [to] }) => {
      if (op !== 'Identity' || !outputs.has(to!.name) || !computed.has(from!.name)) return true
      if (named.has(from!.name) || outputs.has(from!.name)) return true
      named.set(from!.name, to!)
      return false
    })
    const rename = (value: Value) => named.get(value.name) ?? value
    const renamed = nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    }))
    this.nodes.splice(0, Infinity, ...renamed)
    this.#expanded = new Map([...this.#expanded].map(([name, from]) => [named.get(name)?.name ?? name, rename(from)]))
  }

  /** Multiplications and additions of the matrix products: 2·m·n·k each. */
  flops(): number {
    return this.nodes.reduce((sum, { op, inputs, outputs, attributes }) => {
      if (op !== 'MatMul' && op !== 'Gemm') return sum
      const inner = inputs[0]!.shape.at(attributes.transA === 1 ? -2 : -1)!
      return sum + 2 * sizeOf(outputs[0]!.shape) * inner
    }, 0)
  }

  #name(): string {
    this.#counter += 1
    return `v${this.#counter}`
  }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return a.length === b.length
}

function isUniform(data: ArrayLike<number>): boolean {
  for (let i = 1; i < data.length; i++) if (!Object.is(data[i], data[0])) return false
  return true
}

function toBytes(dtype: GraphType, data: ArrayLike<number>): Uint8Array {
  const array = {
    float32: () => Float32Array.from(data),
    int32: () => Int32Array.from(data),
    int64: () => BigInt64Array.from(Array.from(data, (n) => BigInt(n))),
    bool: () => Uint8Array.from(data),
  }[dtype]()
  return new Uint8Array(array.buffer)
}
