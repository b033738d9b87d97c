import type { Rng } from '@revflow/core'
import type { Physics } from '../physics.ts'
import { defineTask, type TaskDefinition } from '../task.ts'
import { tolerance } from '../tolerance.ts'
import { distance } from '../vectors.ts'
import { type ManipulatorOptions, manipulatorXml } from './manipulator.xml.ts'

const armJoints = ['arm_root', 'arm_shoulder', 'arm_elbow', 'arm_wrist', 'finger', 'fingertip', 'thumb', 'thumbtip']
/** Within 1 cm. */
const close = { bounds: { lower: 0, upper: 0.01 }, margin: 0.02 }
/** Probabilities that the object starts in the hand, and that it starts on the target. */
const inHand = 0.1
const onTarget = 0.1

const receptacleOf = { ball: 'cup', peg: 'slot' } as const

const between = (rng: Rng, low: number, high: number) => low + (high - low) * rng.uniform()

/** Ids of the object's joints; every joint has one coordinate and one velocity, so they are addresses as well. */
const objectJoints = (physics: Physics, object: string) =>
  ['x', 'z', 'y'].map((axis) => physics.id('joint', `${object}_${axis}`)) as [number, number, number]

/** Returns a function that draws arm, target and object until nothing touches. */
function poseRandomiser(physics: Physics, { object, insert }: ManipulatorOptions) {
  const qpos = physics.dataView('qpos')
  const qvel = physics.dataView('qvel')
  const sitePlaces = physics.dataView('site_xpos')
  const siteRotation = physics.dataView('site_xmat')
  const bodyPlace = physics.modelView('body_pos')
  const bodyRotation = physics.modelView('body_quat')
  const range = physics.modelView('jnt_range')()
  const arm = armJoints.map((name) => {
    const joint = physics.id('joint', name)
    const [low, high] = [range[2 * joint]!, range[2 * joint + 1]!]
    return low < high ? { joint, low, high } : { joint, low: -Math.PI, high: Math.PI }
  })
  const finger = physics.id('joint', 'finger')
  const thumb = physics.id('joint', 'thumb')
  const grasp = physics.id('site', 'grasp')
  const [objectX, objectZ, objectY] = objectJoints(physics, object)
  const targets = [...(insert ? [receptacleOf[object]] : []), `target_${object}`].map((name) =>
    physics.id('body', name),
  )

  const place = (x: number, z: number, angle: number) => {
    qpos()[objectX] = x
    qpos()[objectZ] = z
    qpos()[objectY] = angle
  }
  const placeInHand = () => {
    physics.countContacts()
    const rotation = siteRotation()
    const angle = Math.PI - Math.atan2(rotation[9 * grasp + 6]!, rotation[9 * grasp]!)
    place(sitePlaces()[3 * grasp]!, sitePlaces()[3 * grasp + 2]!, angle)
  }
  const drawPose = (rng: Rng) => {
    for (const { joint, low, high } of arm) qpos()[joint] = between(rng, low, high)
    qpos()[finger] = qpos()[thumb]!

    const [x, z] = [between(rng, -0.4, 0.4), between(rng, 0.1, 0.4)]
    const widest = insert ? Math.PI / 3 : Math.PI
    const angle = between(rng, -widest, widest)
    for (const body of targets) {
      bodyPlace()[3 * body] = x
      bodyPlace()[3 * body + 2] = z
      bodyRotation()[4 * body] = Math.cos(angle / 2)
      bodyRotation()[4 * body + 2] = Math.sin(angle / 2)
    }

    const where = rng.uniform()
    if (where < inHand) placeInHand()
    else if (where < inHand + onTarget) place(x, z, angle)
    else {
      place(between(rng, -0.5, 0.5), between(rng, 0, 0.7), between(rng, 0, 2 * Math.PI))
      // Kept where the pose is drawn again, as in the original.
      qvel()[objectX] = between(rng, -5, 5)
    }
  }
  return (rng: Rng): void => {
    do drawPose(rng)
    while (physics.countContacts() > 0)
  }
}

/** Bring the object to the target, or into a receptacle there. */
function manipulator(name: string, options: ManipulatorOptions): TaskDefinition {
  const { object, insert } = options
  return defineTask({
    name,
    description: `${insert ? `Put the ${object} into the ${receptacleOf[object]} at the target` : `Bring the ${object} to the target`}.
Reward: 1 with the ${object} within 1 cm of the target, less near it${object === 'peg' ? '; holding the peg earns a third' : ''}.`,
    xml: manipulatorXml(options),
    actions: ['root', 'shoulder', 'elbow', 'wrist', 'grasp'],
    observations: [
      { name: 'arm_pos', size: 2 * armJoints.length, meaning: 'Sine and cosine of each joint' },
      { name: 'arm_vel', size: armJoints.length, meaning: 'rad/s' },
      { name: 'touch', size: 5, meaning: 'Logarithm of 1 + the force on each pad, N' },
      { name: 'hand_pos', size: 4, meaning: 'Pose in the plane: x and z, m; w and y of the quaternion' },
      { name: 'object_pos', size: 4, meaning: 'Pose in the plane: x and z, m; w and y of the quaternion' },
      { name: 'object_vel', size: 3, meaning: 'm/s and rad/s' },
      { name: 'target_pos', size: 4, meaning: 'Pose in the plane: x and z, m; w and y of the quaternion' },
    ],
    controlTimestep: 0.01,
    timeLimit: 10,
    modelFields: ['body_pos', 'body_quat'],
    bind(physics) {
      const qpos = physics.dataView('qpos')
      const qvel = physics.dataView('qvel')
      const force = physics.dataView('sensordata')
      const place = physics.dataView('xpos')
      const quaternion = physics.dataView('xquat')
      const sitePlaces = physics.dataView('site_xpos')
      const arm = armJoints.map((joint) => physics.id('joint', joint))
      const joints = objectJoints(physics, object)
      const [hand, thing, target] = ['hand', object, `target_${object}`].map((body) => physics.id('body', body))
      const writePose = (out: Float64Array, at: number, body: number) => {
        out[at] = place()[3 * body]!
        out[at + 1] = place()[3 * body + 2]!
        out[at + 2] = quaternion()[4 * body]!
        out[at + 3] = quaternion()[4 * body + 2]!
      }
      /** How close two sites are: a function with value in [0, 1]. */
      const closeness = (one: string, other: string) => {
        const [a, b] = [3 * physics.id('site', one), 3 * physics.id('site', other)]
        return () => tolerance(distance(sitePlaces(), a, b), close)
      }
      const brought = closeness(object, `target_${object}`)
      /** A peg is to be at the target with its tip too; holding it by the hilt earns a third. */
      const pegReward = () => {
        const grasped = closeness('peg_grasp', 'grasp')
        const pinched = closeness('peg_pinch', 'pinch')
        const tip = closeness('peg_tip', 'target_peg_tip')
        return () => Math.max((brought() + tip()) / 2, (grasped() + pinched()) / 6)
      }
      return {
        reset: poseRandomiser(physics, options),
        observe(out) {
          let offset = 0
          for (const joint of arm) {
            out[offset++] = Math.sin(qpos()[joint]!)
            out[offset++] = Math.cos(qpos()[joint]!)
          }
          for (const joint of arm) out[offset++] = qvel()[joint]!
          for (let i = 0; i < 5; i++) out[offset++] = Math.log1p(force()[i]!)
          writePose(out, offset, hand!)
          writePose(out, offset + 4, thing!)
          offset += 8
          for (const joint of joints) out[offset++] = qvel()[joint]!
          writePose(out, offset, target!)
        },
        reward: object === 'ball' ? brought : pegReward(),
      }
    },
  })
}

export const manipulatorBringBall = manipulator('manipulator-bring_ball', { object: 'ball', insert: false })
export const manipulatorBringPeg = manipulator('manipulator-bring_peg', { object: 'peg', insert: false })
export const manipulatorInsertBall = manipulator('manipulator-insert_ball', { object: 'ball', insert: true })
export const manipulatorInsertPeg = manipulator('manipulator-insert_peg', { object: 'peg', insert: true })
