import { RevflowError } from '@revflow/core'

/** Element types revflow computes with. `bool` is stored a byte an element. */
export type DType = 'float32' | 'int32' | 'bool'
/** The typed array that holds elements of each type. */
export interface TensorData {
  float32: Float32Array
  int32: Int32Array
  bool: Uint8Array
}
const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const
const DTYPES: readonly string[] = ['float32', 'int32', 'bool'] satisfies DType[]

/** @throws RevflowError (`unsupported-dtype`) for complex64 and string */
export function checkDtype(dtype: string, path: string): DType {
  if (DTYPES.includes(dtype)) return dtype as DType
  throw new RevflowError({ code: 'unsupported-dtype', path, expected: `one of ${DTYPES.join(', ')}`, received: dtype })
}

/** Shape and element type of a tensor, without its numbers. */
export interface TensorSpec {
  readonly shape: readonly number[]
  readonly dtype: DType
}

const dimensions = new WeakMap<readonly number[], string>()
/** Type and shape in words, such as `float32[2,3]`. Calls ask for hundreds: the words for a shape are kept. */
export function typeName({ dtype, shape }: TensorSpec): string {
  const words = dimensions.get(shape) ?? String(shape)
  dimensions.set(shape, words)
  return `${dtype}[${words}]`
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1)

/**
 * A tensor on the host: a shape and a typed array, row-major. What jitted functions take and return: reading it is
 * free, nothing has to be disposed.
 */
export class HostTensor<D extends DType = DType> implements TensorSpec {
  readonly dtype: D
  readonly shape: readonly number[]
  #data: TensorData[D] | undefined

  /** @throws RevflowError (`shape-mismatch`, `dtype-mismatch`) where `data` does not hold `shape`, or elements of another type */
  constructor(dtype: D, shape: readonly number[], data: TensorData[D]) {
    if (!(data instanceof arrays[dtype]))
      throw new RevflowError({
        code: 'dtype-mismatch',
        path: 'HostTensor',
        expected: `${arrays[dtype].name} for ${dtype}`,
        received: (data as object).constructor.name,
      })
    if (!Object.isFrozen(shape) && !shape.every((n) => Number.isInteger(n) && n >= 0))
      throw new RevflowError({
        code: 'shape-mismatch',
        path: 'HostTensor',
        expected: 'a shape of whole numbers from 0',
        received: `[${shape}]`,
      })
    if (data.length !== sizeOf(shape))
      throw new RevflowError({
        code: 'shape-mismatch',
        path: 'HostTensor',
        expected: `${sizeOf(shape)} elements for shape [${shape}]`,
        received: `${data.length}`,
      })
    this.dtype = dtype
    // a copy, which no caller can change
    this.shape = Object.isFrozen(shape) ? shape : Object.freeze([...shape])
    this.#data = data
  }

  /** A float32 tensor over `data` (not copied), a vector unless a shape is given. */
  static from(data: Float32Array | readonly number[], shape: readonly number[] = [data.length]): HostTensor<'float32'> {
    return new HostTensor('float32', shape, data instanceof Float32Array ? data : Float32Array.from(data))
  }

  /** The elements. @throws RevflowError (`donated`) once the tensor was donated to a jitted function */
  get data(): TensorData[D] {
    if (this.#data !== undefined) return this.#data
    throw new RevflowError({
      code: 'donated',
      path: `tensor of shape [${this.shape}]`,
      expected: 'a tensor that is still owned',
      received: 'one donated to a jitted function, which has reused its memory',
      hint: 'keep what the function returned instead, or copy() before the call',
    })
  }

  /** An independent copy. */
  copy(): HostTensor<D> {
    return new HostTensor(this.dtype, this.shape, this.data.slice() as TensorData[D])
  }

  /** Gives the memory away; returns it. For the engines of this package. */
  release(): TensorData[D] {
    const data = this.data
    this.#data = undefined
    return data
  }
}

/** A new zeroed array for a tensor. */
export function allocate<D extends DType>(dtype: D, shape: readonly number[]): TensorData[D] {
  return new arrays[dtype](sizeOf(shape)) as TensorData[D]
}
