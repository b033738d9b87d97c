import { fileURLToPath } from 'node:url'
import { startPython } from '@revflow/benchmark-shared'
import { flattenTree } from '@revflow/core'
import type { HostTensor } from '@revflow/jit'
import type { Block, Contestant } from './contestant.ts'

const script = fileURLToPath(new URL('../python/update.py', import.meta.url))

const encode = ({ shape, dtype, data }: HostTensor) => ({
  shape,
  dtype,
  data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
})
const encodeAll = (entries: Iterable<readonly [path: string, tensor: HostTensor]>) =>
  Object.fromEntries([...entries].map(([path, tensor]) => [path, encode(tensor)]))
const decode = (text: string) => new Float32Array(new Uint8Array(Buffer.from(text, 'base64')).buffer)

/**
 * The same updates in JAX, in a Python process of their own.
 * @returns the reason where JAX cannot be loaded
 */
export async function openJax(
  command: string,
  threads: number,
): Promise<(Contestant & { readonly version: string }) | { readonly reason: string }> {
  const flags = threads === 1 ? '--xla_cpu_multi_thread_eigen=false' : ''
  const {
    ask: send,
    hear,
    close,
  } = startPython(command, script, {
    XLA_FLAGS: flags,
    NPROC: String(threads),
    JAX_PLATFORMS: 'cpu',
  })
  const ask = async <T>(request: object): Promise<T> => {
    const answer = await send<T & { error?: string }>(request)
    if (answer.error) throw new Error(`${command}: ${answer.error}`)
    return answer
  }
  try {
    const { version } = await hear<{ version: string }>()
    return {
      name: 'JAX',
      version,
      async setup({ batch, noise, state }, { agent = 'rfm' }) {
        const { compileMs, outputs } = await ask<{ compileMs: number; outputs: Record<string, string> }>({
          do: 'setup',
          agent,
          state: encodeAll(flattenTree(state())),
          batch: encodeAll(Object.entries(batch)),
          noise: encodeAll(Object.entries(noise)),
        })
        return { compileMs, outputs: new Map(Object.entries(outputs).map(([path, text]) => [path, decode(text)])) }
      },
      run: (n) => ask<Block>({ do: 'run', n }),
      async setupPolicy({ observation, noise }) {
        const request = { do: 'act', observation: encode(observation), noise: encodeAll(Object.entries(noise)) }
        return (await ask<{ action: number[] }>(request)).action
      },
      runPolicy: (n) => ask<Block>({ do: 'run_act', n }),
      products: (n, rows, hidden) => ask<Block>({ do: 'products', n, rows, hidden }),
      close: async () => close(),
    }
  } catch (error) {
    return { reason: (error as Error).message }
  }
}
