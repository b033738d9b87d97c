import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { Attribute, Graph, GraphType, Initializer, Node, Value } from './graph.ts'

/** Versions of the ONNX format written here. */
const IR_VERSION = 10
const OPSET = 21
/** onnx.TensorProto.DataType */
const ELEMENT_TYPE: Record<GraphType, number> = { float32: 1, int32: 6, int64: 7, bool: 9 }
/** onnx.AttributeProto.AttributeType */
const ATTRIBUTE_TYPE = { FLOAT: 1, INT: 2, STRING: 3, INTS: 7 }

const nested = (w: BinaryWriter, field: number, write: (w: BinaryWriter) => void) => {
  w.tag(field, WireType.LengthDelimited).fork()
  write(w)
  w.join()
}
const text = (w: BinaryWriter, field: number, value: string) => w.tag(field, WireType.LengthDelimited).string(value)
const integer = (w: BinaryWriter, field: number, value: number) => w.tag(field, WireType.Varint).int64(value)

/** Encodes a graph as an ONNX model (protobuf; field numbers as in onnx.proto of ONNX 1.16). */
export function encodeModel(graph: Graph, name = 'revflow'): Uint8Array {
  const w = new BinaryWriter()
  integer(w, 1, IR_VERSION)
  text(w, 2, 'revflow')
  nested(w, 7, (g) => {
    for (const node of graph.nodes) nested(g, 1, (n) => writeNode(n, node))
    text(g, 2, name)
    for (const initializer of graph.initializers) nested(g, 5, (t) => writeTensor(t, initializer))
    for (const value of graph.inputs) nested(g, 11, (v) => writeValueInfo(v, value))
    for (const value of graph.outputs) nested(g, 12, (v) => writeValueInfo(v, value))
  })
  nested(w, 8, (opset) => integer(opset, 2, OPSET))
  return w.finish()
}

function writeNode(w: BinaryWriter, { op, inputs, outputs, attributes }: Node): void {
  for (const input of inputs) text(w, 1, input.name)
  for (const output of outputs) text(w, 2, output.name)
  text(w, 4, op)
  for (const [name, value] of Object.entries(attributes)) nested(w, 5, (a) => writeAttribute(a, name, value))
}

function writeAttribute(w: BinaryWriter, name: string, value: Attribute): void {
  text(w, 1, name)
  if (typeof value === 'number') {
    integer(w, 3, value)
    integer(w, 20, ATTRIBUTE_TYPE.INT)
  } else if (typeof value === 'string') {
    text(w, 4, value)
    integer(w, 20, ATTRIBUTE_TYPE.STRING)
  } else if ('float' in value) {
    w.tag(2, WireType.Bit32).float(value.float)
    integer(w, 20, ATTRIBUTE_TYPE.FLOAT)
  } else {
    for (const n of value) integer(w, 8, n)
    integer(w, 20, ATTRIBUTE_TYPE.INTS)
  }
}

function writeTensor(w: BinaryWriter, { name, shape, dtype, bytes }: Initializer): void {
  for (const n of shape) integer(w, 1, n)
  integer(w, 2, ELEMENT_TYPE[dtype])
  text(w, 8, name)
  w.tag(9, WireType.LengthDelimited).bytes(bytes)
}

function writeValueInfo(w: BinaryWriter, { name, shape, dtype }: Value): void {
  text(w, 1, name)
  nested(w, 2, (type) =>
    nested(type, 1, (tensor) => {
      integer(tensor, 1, ELEMENT_TYPE[dtype])
      nested(tensor, 2, (dims) => {
        for (const n of shape) nested(dims, 1, (dim) => integer(dim, 1, n))
      })
    }),
  )
}
