import { cpus, totalmem } from 'node:os'
import { agents } from '@revflow/agents'
import { listTasks } from '@revflow/envs'
import { HostTensor, jit } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'

/** Whether an optional package can be loaded, and why not. */
async function probe(name: string): Promise<string> {
  try {
    await import(name)
    return 'available'
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ERR_MODULE_NOT_FOUND'
      ? 'not installed (optional)'
      : `fails to load: ${(error as Error).message.split('\n')[0]}`
  }
}

async function probeOnnx(): Promise<string> {
  const double = jit((x: tf.Tensor) => tf.mul(x, 2))
  try {
    const { data } = await double(HostTensor.from([21]))
    return data[0] === 42 ? 'works' : `wrong result: ${data[0]}`
  } catch (error) {
    return `fails: ${(error as Error).message.split('\n')[0]}`
  } finally {
    await double.dispose()
  }
}

/** `revflow doctor`. */
export async function doctor(): Promise<number> {
  const onnx = await probeOnnx()
  const rows: [string, string][] = [
    ['node', process.version],
    ['processors', `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`],
    ['memory', `${(totalmem() / 2 ** 30).toFixed(1)} GiB`],
    ['onnx engine', `${onnx}${onnx === 'works' ? ' (used: the default, compiled by ONNX Runtime)' : ''}`],
    ['eager engine', `TensorFlow.js ${tf.version_core} (--set engine=eager)`],
    ['@tensorflow/tfjs-node', await probe('@tensorflow/tfjs-node')],
    ['@tensorflow/tfjs-node-gpu', await probe('@tensorflow/tfjs-node-gpu')],
    ['agents', Object.keys(agents).join(', ')],
    [
      'tasks',
      listTasks()
        .map(({ name }) => name)
        .join(', '),
    ],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  for (const [name, value] of rows) process.stdout.write(`${name.padEnd(width)}  ${value}\n`)
  return onnx === 'works' ? 0 : 1
}
