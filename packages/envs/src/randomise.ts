import type { Rng } from '@revflow/core'
import type { Physics } from './physics.ts'

/**
 * Returns a function that draws every limited joint uniformly within its limits and, where asked for, every unlimited
 * hinge uniformly on [−π, π]. Only slides and hinges. A joint counts as limited where it has a range.
 */
export function jointRandomiser(physics: Physics, { unlimitedHinges }: { unlimitedHinges: boolean }) {
  const qpos = physics.dataView('qpos')
  const hinge = physics.mujoco.mjtJoint.mjJNT_HINGE.value
  const types = physics.model.jnt_type as Int32Array
  const addresses = physics.model.jnt_qposadr as Int32Array
  const range = physics.modelView('jnt_range')()
  const draws = Array.from(addresses, (address, i) => {
    const limits = { address, low: range[2 * i]!, high: range[2 * i + 1]! }
    if (limits.low < limits.high) return limits
    return unlimitedHinges && types[i] === hinge ? { address, low: -Math.PI, high: Math.PI } : undefined
  }).filter((draw) => draw !== undefined)
  return (rng: Rng): void => {
    for (const { address, low, high } of draws) qpos()[address] = low + (high - low) * rng.uniform()
  }
}
