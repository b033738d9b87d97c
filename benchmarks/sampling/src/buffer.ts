import type { Rng } from '@revflow/core'
import { HostTensor } from '@revflow/jit'
import type { Box } from '@revflow/stein'

/**
 * Rows of a ring of samples: new ones over the oldest, draws with replacement. With bounds it holds their nearest legal
 * points: E[X0|x] of an x that lies many noise levels outside is as many times too large to learn from.
 */
export function createBuffer(capacity: number, dim: number, support: Box | undefined) {
  const legal = (value: number) => (support ? Math.min(support.high, Math.max(support.low, value)) : value)
  const store = new Float32Array(capacity * dim)
  let [size, position] = [0, 0]
  return {
    add(rows: Float32Array) {
      for (let i = 0; i < rows.length; i += dim) {
        const row = rows.subarray(i, i + dim)
        if (!row.every(Number.isFinite)) continue
        store.set(support ? row.map(legal) : row, position * dim)
        position = (position + 1) % capacity
        size = Math.min(size + 1, capacity)
      }
    },
    sample(rng: Rng, n: number): HostTensor {
      const out = new Float32Array(n * dim)
      for (let i = 0; i < n; i++) {
        const row = rng.integer(size) * dim
        out.set(store.subarray(row, row + dim), i * dim)
      }
      return HostTensor.from(out, [n, dim])
    },
  }
}
