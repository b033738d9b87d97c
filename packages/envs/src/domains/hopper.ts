import { jointRandomiser } from '../randomise.ts'
import { smallControl } from '../rewards.ts'
import { defineTask, type TaskDefinition } from '../task.ts'
import { tolerance } from '../tolerance.ts'
import { hopperXml } from './hopper.xml.ts'

/** The torso 0.6 to 2 m above the foot. */
const high = { bounds: { lower: 0.6, upper: 2 } }
/** Full reward from 2 m/s on, half at 1 m/s, linear between and below. */
const fast = { bounds: { lower: 2 }, margin: 1, valueAtMargin: 0.5, sigmoid: 'linear' } as const

/** Get up from any fall, then stand still or hop forward. */
function hopper(name: string, hops: boolean): TaskDefinition {
  return defineTask({
    name,
    description: `Get up from any fall, then ${hops ? 'hop forward' : 'stand still'}.
Reward: the torso 0.6 to 2 m above the foot, times ${hops ? 'speed, full from 2 m/s on' : 'small control'}.`,
    xml: hopperXml,
    actions: ['waist', 'hip', 'knee', 'ankle'],
    observations: [
      { name: 'position', size: 6, meaning: 'All coordinates but x: m and rad' },
      { name: 'velocity', size: 7, meaning: 'm/s and rad/s' },
      { name: 'touch', size: 2, meaning: 'log(1 + force in N) on toe and heel' },
    ],
    controlTimestep: 0.02,
    timeLimit: 20,
    bind(physics) {
      const qpos = physics.dataView('qpos')
      const qvel = physics.dataView('qvel')
      const ctrl = physics.dataView('ctrl')
      const centres = physics.dataView('xipos')
      /** Velocity (3), toe, heel. */
      const sensors = physics.dataView('sensordata')
      const torso = 3 * physics.id('body', 'torso')
      const foot = 3 * physics.id('body', 'foot')
      const standing = () => tolerance(centres()[torso + 2]! - centres()[foot + 2]!, high)
      const drawJoints = jointRandomiser(physics, { unlimitedHinges: true })
      return {
        reset: drawJoints,
        observe(out) {
          const position = qpos()
          for (let i = 1; i < 7; i++) out[i - 1] = position[i]!
          out.set(qvel(), 6)
          out[13] = Math.log1p(sensors()[3]!)
          out[14] = Math.log1p(sensors()[4]!)
        },
        reward: hops ? () => standing() * tolerance(sensors()[0]!, fast) : () => standing() * smallControl(ctrl()),
      }
    },
  })
}

export const hopperHop = hopper('hopper-hop', true)
export const hopperStand = hopper('hopper-stand', false)
