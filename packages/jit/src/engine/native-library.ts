import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/*
 * ONNX Runtime by its C interface, in the library that onnxruntime-node brings. Its JavaScript binding copies every result
 * into a new array and wraps each tensor anew, at every call: of an update of 64 transitions that was a tenth.
 */

/** An address, or null as 0. */
export type Pointer = bigint
type Argument = Pointer | number | string | ArrayBufferView | null

/** What is used of koffi, which calls functions of native libraries. */
interface Koffi {
  load(file: string): { func(name: string, result: string, parameters: string[]): () => Pointer }
  array(type: string, length: number): object
  proto(result: string, parameters: readonly string[]): object
  decode(at: Pointer, type: object): unknown
  call(at: Pointer, type: object, ...given: Argument[]): Pointer
  address(memory: ArrayBufferView): Pointer
}

const LIBRARIES: Readonly<Record<string, string>> = {
  linux: 'libonnxruntime.so.1',
  darwin: 'libonnxruntime.1.dylib',
  win32: 'onnxruntime.dll',
}
/** The version of the C interface that is asked for, 1.16 and every later one has it. */
const API_VERSION = 16
/** Functions that return a status, by their places in `OrtApi`, a structure that only grows at its end. */
const CALLS = {
  CreateEnv: [3, 'int', 'str', 'void *'],
  CreateSessionFromArray: [8, 'void *', 'void *', 'size_t', 'void *', 'void *'],
  Run: [9, 'void *', 'void *', 'void *', 'void *', 'size_t', 'void *', 'size_t', 'void *'],
  CreateSessionOptions: [10, 'void *'],
  SetSessionLogSeverityLevel: [22, 'void *', 'int'],
  SetSessionGraphOptimizationLevel: [23, 'void *', 'int'],
  SetIntraOpNumThreads: [24, 'void *', 'int'],
  CreateTensorWithDataAsOrtValue: [49, 'void *', 'void *', 'size_t', 'void *', 'size_t', 'int', 'void *'],
  CreateCpuMemoryInfo: [69, 'int', 'int', 'void *'],
  AddSessionConfigEntry: [130, 'void *', 'str', 'str'],
} as const
const [GET_ERROR_MESSAGE, RELEASE_STATUS, RELEASE_SESSION, RELEASE_VALUE, RELEASE_SESSION_OPTIONS] = [
  2, 93, 95, 96, 100,
]

type Calls = Readonly<Record<keyof typeof CALLS, (...given: Argument[]) => void>>
/** Functions of ONNX Runtime, those that give a status as functions that throw. */
export interface NativeLibrary extends Calls {
  address(memory: ArrayBufferView): Pointer
  releaseSession(session: Pointer): void
  releaseValue(value: Pointer): void
  releaseOptions(options: Pointer): void
}

/** Opens the library that onnxruntime-node brings. @throws where it, or koffi's own, is missing here */
export function openLibrary(): NativeLibrary {
  const require = createRequire(import.meta.url)
  const koffi = require('koffi') as Koffi
  const folder = join(dirname(require.resolve('onnxruntime-node')), '../bin/napi-v6', process.platform, process.arch)
  const base = koffi.load(join(folder, LIBRARIES[process.platform]!)).func('OrtGetApiBase', 'void *', [])()
  const pointers = (at: Pointer, count: number) => koffi.decode(at, koffi.array('void *', count)) as Pointer[]
  const api = koffi.call(pointers(base, 1)[0]!, koffi.proto('void *', ['uint32_t']), API_VERSION)
  const table = pointers(api, 131)
  const bind = <R>(place: number, result: string, parameters: readonly string[]) =>
    koffi.decode(table[place]!, koffi.proto(result, parameters)) as (...given: Argument[]) => R
  const message = bind<string>(GET_ERROR_MESSAGE, 'str', ['void *'])
  const releaseStatus = bind<void>(RELEASE_STATUS, 'void', ['void *'])
  const checked = ([place, ...parameters]: readonly [number, ...string[]]) => {
    const call = bind<Pointer | null>(place, 'void *', parameters)
    return (...given: Argument[]) => {
      const status = call(...given)
      if (!status) return
      const error = new Error(message(status))
      releaseStatus(status)
      throw error
    }
  }
  return {
    ...(Object.fromEntries(Object.entries(CALLS).map(([name, call]) => [name, checked(call)])) as unknown as Calls),
    address: koffi.address,
    releaseSession: bind(RELEASE_SESSION, 'void', ['void *']),
    releaseValue: bind(RELEASE_VALUE, 'void', ['void *']),
    releaseOptions: bind(RELEASE_SESSION_OPTIONS, 'void', ['void *']),
  }
}
