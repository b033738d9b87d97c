import { RevflowError } from '@revflow/core'
import { type HostTensor, sizeOf, typeName } from '../host-tensor.ts'
import { openLibrary, type Pointer } from './native-library.ts'
import { onnxRuntime } from './node-runtime.ts'
import type { Model } from './onnx.ts'

const ALL_OPTIMISATIONS = 99
/** What goes wrong is thrown: said once is enough. */
const FATAL_ONLY = 4
const ELEMENT_TYPES = { float32: 1, int32: 6, bool: 9 } as const

export interface NativeSessionOptions {
  /** Threads inside one operation; 0 lets ONNX Runtime choose one a core. */
  readonly threads: number
  /** Whether numbers too small for full precision count as 0: on the calling thread, as the first session asks for. */
  readonly flushDenormals?: boolean
}

/** A loaded model that computes at once, on this thread, into memory that is given. */
export interface NativeSession {
  /**
   * @param results tensors whose arrays are written
   * @throws RevflowError (`detached`) for an array whose memory was given to another thread
   */
  run(inputs: readonly HostTensor[], results: readonly HostTensor[]): void
  release(): void
}

/** ONNX Runtime in this process. */
export interface NativeRuntime {
  open(model: Model, options: NativeSessionOptions): NativeSession
}

function createRuntime(): NativeRuntime {
  const library = openLibrary()
  /** What a function writes through its last argument. */
  const made = (call: (result: BigUint64Array) => void): Pointer => {
    const result = new BigUint64Array(1)
    call(result)
    return result[0]!
  }
  const env = made((result) => library.CreateEnv(FATAL_ONLY, 'revflow', result))
  const cpu = made((result) => library.CreateCpuMemoryInfo(0, 0, result))
  const nowhere = new Float32Array(1)
  const tensorAt = (address: Pointer, { dtype, shape, data }: HostTensor): Pointer =>
    made((result) =>
      library.CreateTensorWithDataAsOrtValue(
        cpu,
        address,
        data.byteLength,
        BigInt64Array.from(shape, BigInt),
        shape.length,
        ELEMENT_TYPES[dtype],
        result,
      ),
    )
  /**
   * Native tensors of one type and shape. They are known by their addresses alone, so that no array is kept alive; of each
   * input and output three are kept, since donated memory comes in turns of two.
   */
  const createTensors = () => {
    const known = new Map<Pointer, Pointer>()
    let most = 0
    return {
      makeRoom() {
        most += 3
      },
      over(tensor: HostTensor): Pointer {
        const { shape, data } = tensor
        if (data.length !== sizeOf(shape)) throw detached(tensor)
        const address = library.address(data.length === 0 ? nowhere : data)
        const value = known.get(address) ?? tensorAt(address, tensor)
        known.delete(address)
        known.set(address, value) // last: the first is none of this call
        if (known.size > most) {
          const [oldest, unused] = known.entries().next().value!
          known.delete(oldest)
          library.releaseValue(unused)
        }
        return value
      },
      release() {
        for (const value of known.values()) library.releaseValue(value)
        known.clear()
      },
    }
  }

  return {
    open({ bytes, inputs, outputs }, { threads, flushDenormals = false }) {
      const options = made((result) => library.CreateSessionOptions(result))
      let session: Pointer | undefined
      try {
        library.SetSessionLogSeverityLevel(options, FATAL_ONLY)
        library.SetSessionGraphOptimizationLevel(options, ALL_OPTIMISATIONS)
        library.SetIntraOpNumThreads(options, threads)
        library.AddSessionConfigEntry(options, 'session.set_denormal_as_zero', flushDenormals ? '1' : '0')
        session = made((result) => library.CreateSessionFromArray(env, bytes, bytes.byteLength, options, result))
      } finally {
        library.releaseOptions(options)
      }
      const texts = [...inputs, ...outputs.map(([name]) => name)].map((name) => Buffer.from(`${name}\0`))
      const names = BigUint64Array.from(texts, library.address)
      const byType = new Map<string, ReturnType<typeof createTensors>>()
      const tensorsOf = (tensor: HostTensor) => {
        const type = typeName(tensor)
        const tensors = byType.get(type) ?? createTensors()
        byType.set(type, tensors)
        tensors.makeRoom()
        return tensors
      }
      /** Those of each input and output, whose types are always the same. */
      let places: ReturnType<typeof createTensors>[] | undefined
      const values = new BigUint64Array(texts.length)
      const n = inputs.length
      const [outputNames, outputValues] = [names.subarray(n), values.subarray(n)]
      return {
        run(tensors, results) {
          if (session === undefined) throw disposed()
          const all = [...tensors, ...results]
          places ??= all.map(tensorsOf)
          for (const [i, tensor] of all.entries()) values[i] = places[i]!.over(tensor)
          library.Run(session, null, names, values, n, outputNames, outputs.length, outputValues)
        },
        release() {
          if (session !== undefined) library.releaseSession(session)
          session = undefined
          for (const tensors of byType.values()) tensors.release()
          texts.length = 0 // till here their addresses are in use
        },
      }
    },
  }
}

const disposed = () =>
  new RevflowError({
    code: 'disposed',
    path: 'a compiled function',
    expected: 'one that is in use',
    received: 'one that was disposed of before it ran',
  })
const detached = ({ shape }: HostTensor) =>
  new RevflowError({
    code: 'detached',
    path: `tensor of shape [${shape}]`,
    expected: `an array of ${sizeOf(shape)} elements, as it was made with`,
    received: 'one whose memory was transferred or resized',
  })

let runtime: NativeRuntime | undefined

/** ONNX Runtime in this process. @throws RevflowError (`engine-missing`) where its library or koffi does not work here */
export function nativeRuntime(): NativeRuntime {
  if (runtime) return runtime
  onnxRuntime()
  try {
    runtime = createRuntime()
    return runtime
  } catch (cause) {
    throw new RevflowError(
      {
        code: 'engine-missing',
        path: 'koffi',
        expected: `its library for ${process.platform}-${process.arch}, and that of onnxruntime-node 1.30`,
        received: (cause as Error).message.split('\n')[0]!,
        hint: 'install optional dependencies too; jit() computes without, only slower',
      },
      { cause },
    )
  }
}
