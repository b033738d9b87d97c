import type { Rng } from '@revflow/core'
import type { Physics } from './physics.ts'
import { normalise } from './vectors.ts'

/**
 * Returns a function that draws every limited joint uniformly within its limits and, where asked for, every unlimited
 * hinge uniformly on [−π, π]. A joint counts as limited where it has a range. Of a free joint it draws the orientation
 * only: four numbers uniform on [0, 1), normalised, which is not uniform over rotations.
 */
export function jointRandomiser(physics: Physics, { unlimitedHinges }: { unlimitedHinges: boolean }) {
  const qpos = physics.dataView('qpos')
  const { mjJNT_HINGE, mjJNT_FREE } = physics.mujoco.mjtJoint
  const types = physics.model.jnt_type as Int32Array
  const addresses = physics.model.jnt_qposadr as Int32Array
  const range = physics.modelView('jnt_range')()
  const draws = Array.from(addresses, (address, i) => {
    const limits = { address, low: range[2 * i]!, high: range[2 * i + 1]! }
    if (limits.low < limits.high) return limits
    return unlimitedHinges && types[i] === mjJNT_HINGE.value ? { address, low: -Math.PI, high: Math.PI } : undefined
  }).filter((draw) => draw !== undefined)
  const orientations = Array.from(addresses, (address) => address + 3).filter((_, i) => types[i] === mjJNT_FREE.value)
  return (rng: Rng): void => {
    for (const { address, low, high } of draws) qpos()[address] = low + (high - low) * rng.uniform()
    for (const address of orientations) normalise(rng.fillUniform(qpos().subarray(address, address + 4), 0, 1))
  }
}
