import type { Env } from '@revflow/envs'

const observation = new Float32Array(17)

/** As large as cheetah-run, and does nothing: what is left is the cost of stepping environments together. */
export default (): Env => ({
  task: 'noop',
  observationSpace: { size: 17, entries: [{ name: 'zeros', size: 17 }] },
  actionSpace: { size: 6, names: ['a', 'b', 'c', 'd', 'e', 'f'], low: Array(6).fill(-1), high: Array(6).fill(1) },
  reset: () => ({ observation }),
  step: () => ({ observation, reward: 0, terminated: false, truncated: false }),
  getState: () => ({ values: new Float64Array(0), meta: {} }),
  setState: () => undefined,
  close: () => undefined,
})
