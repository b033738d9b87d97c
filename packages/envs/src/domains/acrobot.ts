import { defineTask, type TaskDefinition } from '../task.ts'
import { tolerance } from '../tolerance.ts'
import { distance } from '../vectors.ts'
import { acrobotXml } from './acrobot.xml.ts'

/** Swing the tip up into the target, from any pose at rest. `margin` (m) around the target gives part of the reward. */
function acrobot(name: string, margin: number): TaskDefinition {
  return defineTask({
    name,
    description: `Swing the tip up into the target, from any pose at rest.
Reward: 1 with the tip in the target, ${margin > 0 ? `less with the distance, 0.1 at ${margin} m` : 'else 0'}.`,
    xml: acrobotXml,
    actions: ['elbow'],
    observations: [
      { name: 'orientations', size: 4, meaning: "Sines of the links' angles from upright, then their cosines" },
      { name: 'velocity', size: 2, meaning: 'rad/s' },
    ],
    controlTimestep: 0.01,
    timeLimit: 10,
    bind(physics) {
      const qpos = physics.dataView('qpos')
      const qvel = physics.dataView('qvel')
      const xmat = physics.dataView('xmat')
      const place = physics.dataView('site_xpos')
      const upper = 9 * physics.id('body', 'upper_arm')
      const lower = 9 * physics.id('body', 'lower_arm')
      const tip = 3 * physics.id('site', 'tip')
      const target = 3 * physics.id('site', 'target')
      const radius = physics.modelView('site_size')()[target]!
      const reached = { bounds: { lower: 0, upper: radius }, margin }
      return {
        reset(rng) {
          rng.fillUniform(qpos(), -Math.PI, Math.PI)
        },
        observe(out) {
          const rotation = xmat()
          out[0] = rotation[upper + 2]!
          out[1] = rotation[lower + 2]!
          out[2] = rotation[upper + 8]!
          out[3] = rotation[lower + 8]!
          out.set(qvel(), 4)
        },
        reward: () => tolerance(distance(place(), tip, target), reached),
      }
    },
  })
}

export const acrobotSwingup = acrobot('acrobot-swingup', 1)
/** The reward is 0 or 1. */
export const acrobotSwingupSparse = acrobot('acrobot-swingup_sparse', 0)
