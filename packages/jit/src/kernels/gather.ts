import { backend_util, util } from '@tensorflow/tfjs-core'
import type { Graph, Value } from '../graph/graph.ts'
import { sizeOf } from '../host-tensor.ts'
import { cast } from './elementwise.ts'
import { elementwise, type KernelTable } from './kernel.ts'
import { reshape, slice, transpose } from './shape.ts'

const zeros = (g: Graph, shape: readonly number[], dtype: Value['dtype']): Value =>
  g.constant(dtype, shape, new Float32Array(sizeOf(shape)))

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
    if (!batchDims) return g.op('Gather', [x!, indices!], shape, x!.dtype, { axis: at })
    // [batch, outer, n, inner] and [batch, m]: n moves next to the batch, where GatherND looks
    const { batchSize, outerSize, dimSize, sliceSize } = info
    const count = sizeOf(indices!.shape) / batchSize
    const rows = transpose(g, reshape(g, x!, [batchSize, outerSize, dimSize, sliceSize]), [0, 2, 1, 3])
    const places = cast(g, reshape(g, indices!, [batchSize, count, 1]), 'int64')
    const found = g.op('GatherND', [rows, places], [batchSize, count, outerSize, sliceSize], x!.dtype, {
      batch_dims: 1,
    })
    return reshape(g, transpose(g, found, [0, 2, 1, 3]), shape)
  },
  GatherNd: (g, { params, indices }) => {
    const [shape] = backend_util.prepareAndValidate(params as never, indices as never)
    return g.op('GatherND', [params!, cast(g, indices!, 'int64')], shape)
  },
  ScatterNd: (g, { indices, updates }, { shape }) =>
    scatter(g, zeros(g, shape as number[], updates!.dtype), indices!, updates!, 'add'),
  TensorScatterUpdate: (g, { tensor, indices, updates }) => scatter(g, tensor!, indices!, updates!, 'none'),
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
