import { jointRandomiser } from '../randomise.ts'
import { defineTask, type TaskDefinition } from '../task.ts'
import { tolerance } from '../tolerance.ts'
import { swimmerXml } from './swimmer.xml.ts'

/** Numbers before the links' velocities in the sensor readings, and numbers a link. */
const velocityStart = 12
const velocityStride = 6

/** Swim until the nose is in the target. */
function swimmer(links: number): TaskDefinition {
  const joints = links - 1
  return defineTask({
    name: `swimmer-swimmer${links}`,
    description: `Swim, with ${links} links, until the nose is in the target.
Reward: 1 in the target, less with the distance to it.`,
    xml: swimmerXml(joints),
    actions: Array.from({ length: joints }, (_, i) => `motor_${i}`),
    observations: [
      { name: 'joints', size: joints, meaning: 'rad' },
      { name: 'to_target', size: 2, meaning: 'From the nose to the target in the frame of the head, m' },
      {
        name: 'body_velocities',
        size: 3 * links,
        meaning: 'Of each link in its own frame: sideways, along, m/s; about the vertical, rad/s',
      },
    ],
    controlTimestep: 0.03,
    timeLimit: 30,
    modelFields: ['geom_pos'],
    bind(physics) {
      const qpos = physics.dataView('qpos')
      const sensors = physics.dataView('sensordata')
      const places = physics.dataView('geom_xpos')
      const rotations = physics.dataView('xmat')
      const homePlaces = physics.modelView('geom_pos')
      const head = 9 * physics.id('body', 'head')
      const nose = 3 * physics.id('geom', 'nose')
      const target = 3 * physics.id('geom', 'target')
      const radius = physics.modelView('geom_size')()[target]!
      const near = { bounds: { lower: 0, upper: radius }, margin: 5 * radius, sigmoid: 'long_tail' } as const
      const toTarget = (axis: number) => places()[target + axis]! - places()[nose + axis]!
      const drawJoints = jointRandomiser(physics, { unlimitedHinges: true })
      return {
        reset(rng) {
          drawJoints(rng)
          const reach = rng.uniform() < 0.2 ? 0.3 : 2
          homePlaces()[target] = reach * (2 * rng.uniform() - 1)
          homePlaces()[target + 1] = reach * (2 * rng.uniform() - 1)
        },
        observe(out) {
          for (let i = 0; i < joints; i++) out[i] = qpos()[3 + i]!
          const rotation = rotations()
          const x = toTarget(0)
          const y = toTarget(1)
          out[joints] = x * rotation[head]! + y * rotation[head + 3]!
          out[joints + 1] = x * rotation[head + 1]! + y * rotation[head + 4]!
          const reading = sensors()
          for (let link = 0; link < links; link++) {
            const from = velocityStart + velocityStride * link
            const to = joints + 2 + 3 * link
            out[to] = reading[from]!
            out[to + 1] = reading[from + 1]!
            out[to + 2] = reading[from + 5]!
          }
        },
        reward: () => tolerance(Math.hypot(toTarget(0), toTarget(1)), near),
      }
    },
  })
}

export const swimmer15 = swimmer(15)
export const swimmer6 = swimmer(6)
