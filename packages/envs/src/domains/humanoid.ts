import { jointRandomiser } from '../randomise.ts'
import { smallControl } from '../rewards.ts'
import { defineTask, type TaskDefinition } from '../task.ts'
import { tolerance } from '../tolerance.ts'
import { turnIntoFrame } from '../vectors.ts'
import { humanoidActions, humanoidXml } from './humanoid.xml.ts'

const joints = humanoidActions.length
/** Height of a standing humanoid's head, m. */
const standing = { bounds: { lower: 1.4 }, margin: 0.35 }
/** Cosine of the torso's tilt. */
const upright = { bounds: { lower: 0.9 }, margin: 1.9, valueAtMargin: 0, sigmoid: 'linear' } as const
/** Horizontal velocity of one that stands, m/s. */
const still = { margin: 2 }

/** Stay on two feet, at rest or moving anywhere at the given speed (m/s). */
function humanoid(name: string, speed: number): TaskDefinition {
  const moving = { bounds: { lower: speed }, margin: speed, valueAtMargin: 0, sigmoid: 'linear' } as const
  return defineTask({
    name,
    description: `Stay on two feet, ${speed === 0 ? 'at rest' : `moving anywhere at ${speed} m/s`}.
Reward: the product of small control, the head at 1.4 m or higher, the torso upright and
${speed === 0 ? 'standing still' : `horizontal speed, full from ${speed} m/s on, a sixth at rest`}.`,
    xml: humanoidXml,
    actions: humanoidActions,
    observations: [
      { name: 'joint_angles', size: joints, meaning: 'rad' },
      { name: 'head_height', size: 1, meaning: 'm' },
      { name: 'extremities', size: 12, meaning: "Left hand and foot, right hand and foot in the torso's frame, m" },
      { name: 'torso_vertical', size: 3, meaning: "z of the torso's axes" },
      { name: 'com_velocity', size: 3, meaning: 'm/s' },
      { name: 'velocity', size: 6 + joints, meaning: 'Root first: m/s and rad/s' },
    ],
    controlTimestep: 0.025,
    timeLimit: 25,
    bind(physics) {
      const qpos = physics.dataView('qpos')
      const qvel = physics.dataView('qvel')
      const ctrl = physics.dataView('ctrl')
      const place = physics.dataView('xpos')
      const rotation = physics.dataView('xmat')
      const sensors = physics.dataView('sensordata')
      const torso = physics.id('body', 'torso')
      const head = physics.id('body', 'head')
      const extremities = ['left_hand', 'left_foot', 'right_hand', 'right_foot'].map((part) => physics.id('body', part))
      const drawJoints = jointRandomiser(physics, { unlimitedHinges: true })
      // The first sensor: velocity of the centre of mass.
      const standingStill = () => (tolerance(sensors()[0]!, still) + tolerance(sensors()[1]!, still)) / 2
      const movingFast = () => (5 * tolerance(Math.hypot(sensors()[0]!, sensors()[1]!), moving) + 1) / 6
      const motion = speed === 0 ? standingStill : movingFast
      return {
        reset(rng) {
          do drawJoints(rng)
          while (physics.countContacts() > 0)
        },
        observe(out) {
          const position = qpos()
          const xpos = place()
          const xmat = rotation()
          for (let i = 0; i < joints; i++) out[i] = position[7 + i]!
          out[joints] = xpos[3 * head + 2]!
          let offset = joints + 1
          for (const part of extremities) {
            for (let i = 0; i < 3; i++) out[offset + i] = xpos[3 * part + i]! - xpos[3 * torso + i]!
            turnIntoFrame(out, offset, xmat, torso)
            offset += 3
          }
          for (let i = 0; i < 3; i++) out[offset++] = xmat[9 * torso + 6 + i]!
          for (let i = 0; i < 3; i++) out[offset++] = sensors()[i]!
          out.set(qvel(), offset)
        },
        reward() {
          const tall = tolerance(place()[3 * head + 2]!, standing)
          return smallControl(ctrl()) * tall * tolerance(rotation()[9 * torso + 8]!, upright) * motion()
        },
      }
    },
  })
}

export const humanoidStand = humanoid('humanoid-stand', 0)
export const humanoidWalk = humanoid('humanoid-walk', 1)
export const humanoidRun = humanoid('humanoid-run', 10)
