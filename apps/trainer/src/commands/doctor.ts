import { createRequire } from 'node:module'
import { cpus, totalmem } from 'node:os'
import { agents } from '@revflow/agents'
import { listTasks } from '@revflow/envs'
import { HostTensor, jit } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import { ENGINES, type EngineName, jitEngine, prepareEngine } from '../run/engine.ts'

const [ROWS, WIDTH] = [512, 256]
const FLOPS = 2 * 2 * ROWS * WIDTH ** 2
/** Of ones and averages: every element is tanh(tanh 1). */
const layers = (x: tf.Tensor2D, w: tf.Tensor2D) => tf.tanh(tf.matMul(tf.tanh(tf.matMul(x, w)), w as tf.Tensor2D))
const EXPECTED = Math.tanh(Math.tanh(1))
const filled = (value: number, rows: number) =>
  HostTensor.from(new Float32Array(rows * WIDTH).fill(value), [rows, WIDTH])

/** Computes with an engine for a second. */
async function speedOf(engine: EngineName): Promise<string> {
  await prepareEngine(engine)
  const compiled = jit(layers, { engine: jitEngine(engine) })
  const inputs = [filled(1, ROWS), filled(1 / WIDTH, WIDTH)] as const
  try {
    const { data } = await compiled(...inputs)
    const wrong = data.find((value) => !(Math.abs(value - EXPECTED) < 1e-4))
    if (wrong !== undefined) return `wrong: ${wrong} instead of ${EXPECTED}`
    const start = performance.now()
    let calls = 0
    for (; performance.now() - start < 1000; calls++) await compiled(...inputs)
    return `works, ${((calls * FLOPS) / (performance.now() - start) / 1e6).toPrecision(3)} GFLOP/s`
  } finally {
    await compiled.dispose()
  }
}

/** The packages behind engines. */
const PACKAGES: Readonly<Record<EngineName, string>> = {
  onnx: 'onnxruntime-node',
  cuda: 'onnxruntime-node',
  webgpu: 'onnxruntime-node',
  tensorflow: '@tensorflow/tfjs-node',
  wasm: '@tensorflow/tfjs-backend-wasm',
  cpu: '@tensorflow/tfjs',
}
function versionOf(engine: EngineName): string {
  const name = PACKAGES[engine]
  try {
    return `${name} ${createRequire(import.meta.url)(`${name}/package.json`).version}`
  } catch {
    return `no ${name}`
  }
}

/** The library behind an engine that works, and its version. */
function libraryOf(engine: EngineName): string {
  if (engine !== 'tensorflow') return versionOf(engine)
  const { binding, isUsingGpuDevice } = tf.backend() as tf.KernelBackend & {
    binding: { TF_Version: string }
    isUsingGpuDevice: boolean
  }
  return `TensorFlow ${binding.TF_Version} on the ${isUsingGpuDevice ? 'GPU' : 'CPU'}`
}

async function diagnose(engine: EngineName): Promise<{ works: boolean; says: string }> {
  try {
    const speed = await speedOf(engine)
    return { works: speed.startsWith('works'), says: `${speed} (${libraryOf(engine)})` }
  } catch (error) {
    return { works: false, says: `not here (${versionOf(engine)}): ${(error as Error).message.split('\n')[0]}` }
  }
}

/** `revflow doctor`: what this machine offers, each engine tried for a second. Ends with 1 where the default fails. */
export async function doctor(): Promise<number> {
  const write = (name: string, value: string) => process.stdout.write(`${name.padEnd(10)}  ${value}\n`)
  write('node', process.version)
  write('processors', `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`)
  write('memory', `${(totalmem() / 2 ** 30).toFixed(1)} GiB`)
  // what fails is said here
  const runtime = await import('onnxruntime-node').catch(() => undefined)
  if (runtime) runtime.env.logLevel = 'fatal'
  const working: EngineName[] = []
  for (const engine of ENGINES) {
    const { works, says } = await diagnose(engine)
    if (works) working.push(engine)
    write(engine, says)
  }
  const [first] = working
  write(
    'used',
    first === 'onnx'
      ? 'onnx, the default: an update is compiled as a whole (--set engine=… chooses another)'
      : `none: the default, onnx, does not work${first ? ` (--set engine=${first} would)` : ''}`,
  )
  write('agents', Object.keys(agents).join(', '))
  write('tasks', listTasks().map(({ name }) => name).join(', ')) // biome-ignore format: one line
  return first === 'onnx' ? 0 : 1
}
