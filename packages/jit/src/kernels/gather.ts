import { RevflowError } from '@revflow/core'
import { backend_util, util } from '@tensorflow/tfjs-core'
import type { Graph, Value } from '../graph/graph.ts'
import { sizeOf } from '../host-tensor.ts'
import { cast, choose } from './elementwise.ts'
import { elementwise, type KernelTable } from './kernel.ts'
import { reshape, slice, transpose } from './shape.ts'

const zeros = (g: Graph, shape: readonly number[], dtype: Value['dtype']): Value =>
  g.constant(dtype, shape, new Float32Array(sizeOf(shape)))

/**
 * Indices of rows, or of the leading axes, of sizes `sizes`; those known while tracing are checked. ONNX counts negative
 * ones from the end, TensorFlow.js refuses them: so far below they are out of bounds to both.
 */
function inBounds(g: Graph, operation: string, indices: Value, sizes: readonly number[]): Value {
  const known = g.initializers.find(({ name }) => name === indices.name)
  if (!known) {
    const negative = elementwise(g, 'Less', indices, g.scalar(0, indices.dtype), 'bool')
    return choose(g, negative, g.scalar(-(2 ** 31), indices.dtype), indices)
  }
  for (const [i, index] of new Int32Array(known.bytes.slice().buffer).entries()) {
    const size = sizes[i % sizes.length]!
    if (index >= 0 && index < size) continue
    throw new RevflowError({
      code: 'index-out-of-bounds',
      path: `operation '${operation}', index ${i}`,
      expected: `one of 0 … ${size - 1}`,
      received: `${index}`,
    })
  }
  return indices
}

/** How many axes each index of a scatter names. */
const depthOf = ({ shape }: Value): number => (shape.length > 1 ? shape.at(-1)! : 1)

/** `x` with the rows that `indices` names replaced by, or added to, those of `updates`. */
function scatter(g: Graph, x: Value, indices: Value, updates: Value, reduction: 'none' | 'add'): Value {
  const places = indices.shape.length > 1 ? indices : reshape(g, indices, [sizeOf(indices.shape), 1])
  return g.op('ScatterND', [x, cast(g, places, 'int64'), updates], x.shape, x.dtype, { reduction })
}

/** Kernels that read or write at computed places. */
export const gatherKernels: KernelTable = {
  GatherV2: (g, { x, indices }, { axis, batchDims }) => {
    const at = util.parseAxisParam(axis as number, [...x!.shape])[0]!
    const info = backend_util.segment_util.collectGatherOpShapeInfo(
      x as never,
      indices as never,
      at,
      (batchDims as number | undefined) ?? 0,
    )
    const shape = info.outputShape
    const rows = inBounds(g, 'GatherV2', indices!, [x!.shape[at]!])
    if (!batchDims) return g.op('Gather', [x!, rows], shape, x!.dtype, { axis: at })
    // [batch, outer, n, inner] and [batch, m]: n moves next to the batch, where GatherND looks
    const { batchSize, outerSize, dimSize, sliceSize } = info
    const count = sizeOf(indices!.shape) / batchSize
    const moved = transpose(g, reshape(g, x!, [batchSize, outerSize, dimSize, sliceSize]), [0, 2, 1, 3])
    const places = cast(g, reshape(g, rows, [batchSize, count, 1]), 'int64')
    const found = g.op('GatherND', [moved, places], [batchSize, count, outerSize, sliceSize], x!.dtype, {
      batch_dims: 1,
    })
    return reshape(g, transpose(g, found, [0, 2, 1, 3]), shape)
  },
  GatherNd: (g, { params, indices }) => {
    const [shape] = backend_util.prepareAndValidate(params as never, indices as never)
    const places = inBounds(g, 'GatherNd', indices!, params!.shape.slice(0, indices!.shape.at(-1)))
    return g.op('GatherND', [params!, cast(g, places, 'int64')], shape)
  },
  ScatterNd: (g, { indices, updates }, { shape }) => {
    const places = inBounds(g, 'ScatterNd', indices!, (shape as number[]).slice(0, depthOf(indices!)))
    return scatter(g, zeros(g, shape as number[], updates!.dtype), places, updates!, 'add')
  },
  TensorScatterUpdate: (g, { tensor, indices, updates }) => {
    const places = inBounds(g, 'TensorScatterUpdate', indices!, tensor!.shape.slice(0, depthOf(indices!)))
    return scatter(g, tensor!, places, updates!, 'none')
  },
  UnsortedSegmentSum: (g, { x, segmentIds }, { numSegments }) => {
    const n = numSegments as number
    const shape = [n, ...x!.shape.slice(1)]
    // rows of no segment are summed into one that is dropped
    const valid = elementwise(
      g,
      'And',
      elementwise(g, 'GreaterOrEqual', segmentIds!, g.scalar(0, 'int32'), 'bool'),
      elementwise(g, 'Less', segmentIds!, g.scalar(n, 'int32'), 'bool'),
    )
    const rows = g.op('Where', [valid, segmentIds!, g.scalar(n, 'int32')], segmentIds!.shape, 'int32')
    const places = reshape(g, rows, [...rows.shape, 1])
    const sums = scatter(g, zeros(g, [n + 1, ...shape.slice(1)], x!.dtype), places, x!, 'add')
    return slice(
      g,
      sums,
      shape.map(() => 0),
      shape,
    )
  },
}
