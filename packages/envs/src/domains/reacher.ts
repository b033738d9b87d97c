import { jointRandomiser } from '../randomise.ts'
import { defineTask, type TaskDefinition } from '../task.ts'
import { tolerance } from '../tolerance.ts'
import { reacherXml } from './reacher.xml.ts'

/** Bring the finger into a target of the given radius (m) somewhere in reach; the reward is 0 or 1. */
function reacher(name: string, targetRadius: number): TaskDefinition {
  return defineTask({
    name,
    description: `Bring the finger into a target of ${targetRadius} m radius somewhere in reach.
Reward: 1 where they touch, else 0.`,
    xml: reacherXml,
    actions: ['shoulder', 'wrist'],
    observations: [
      { name: 'position', size: 2, meaning: 'rad' },
      { name: 'to_target', size: 2, meaning: 'From finger to target in the plane, m' },
      { name: 'velocity', size: 2, meaning: 'rad/s' },
    ],
    controlTimestep: 0.02,
    timeLimit: 20,
    modelFields: ['geom_pos', 'geom_size'],
    bind(physics) {
      const qpos = physics.dataView('qpos')
      const qvel = physics.dataView('qvel')
      const place = physics.dataView('geom_xpos')
      const homePlace = physics.modelView('geom_pos')
      const size = physics.modelView('geom_size')
      const target = 3 * physics.id('geom', 'target')
      const finger = 3 * physics.id('geom', 'finger')
      const touching = { bounds: { lower: 0, upper: targetRadius + size()[finger]! } }
      const drawJoints = jointRandomiser(physics, { unlimitedHinges: true })
      return {
        reset(rng) {
          drawJoints(rng)
          size()[target] = targetRadius
          const angle = 2 * Math.PI * rng.uniform()
          const radius = 0.05 + 0.15 * rng.uniform()
          homePlace()[target] = radius * Math.sin(angle)
          homePlace()[target + 1] = radius * Math.cos(angle)
        },
        observe(out) {
          const xpos = place()
          out.set(qpos(), 0)
          out[2] = xpos[target]! - xpos[finger]!
          out[3] = xpos[target + 1]! - xpos[finger + 1]!
          out.set(qvel(), 4)
        },
        reward() {
          const xpos = place()
          const distance = Math.hypot(xpos[target]! - xpos[finger]!, xpos[target + 1]! - xpos[finger + 1]!)
          return tolerance(distance, touching)
        },
      }
    },
  })
}

export const reacherEasy = reacher('reacher-easy', 0.05)
export const reacherHard = reacher('reacher-hard', 0.015)
