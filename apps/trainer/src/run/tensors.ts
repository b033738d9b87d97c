import { type DType, HostTensor } from '@revflow/jit'
import type { CheckpointTensor } from '../checkpoint/checkpoint.ts'

const NAMES = { float32: 'F32', int32: 'I32', bool: 'BOOL' } as const
const TYPES = { F32: 'float32', I32: 'int32', BOOL: 'bool' } as const

export const toCheckpoint = (tensor: HostTensor): CheckpointTensor => ({
  dtype: NAMES[tensor.dtype],
  shape: tensor.shape,
  data: tensor.data,
})

/** @throws TypeError for an element type no agent has */
export function fromCheckpoint({ dtype, shape, data }: CheckpointTensor): HostTensor {
  if (!(dtype in TYPES)) throw new TypeError(`expected one of ${Object.keys(TYPES)}, received ${dtype}`)
  return new HostTensor<DType>(TYPES[dtype as keyof typeof TYPES], shape, data.slice() as Float32Array)
}
