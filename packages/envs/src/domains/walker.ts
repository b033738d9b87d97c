import { jointRandomiser } from '../randomise.ts'
import { defineTask, type TaskDefinition } from '../task.ts'
import { type ToleranceOptions, tolerance } from '../tolerance.ts'
import { walkerXml } from './walker.xml.ts'

/** The torso at least 1.2 m high. */
const high = { bounds: { lower: 1.2 }, margin: 0.6 }
const bodies = 7

/** Get up from any fall, then stand (`speed` 0) or go forward at the given speed, m/s, or faster. */
function walker(name: string, speed: number): TaskDefinition {
  /** Full reward from the speed on, half at half of it, linear between and below. */
  const fast: ToleranceOptions = { bounds: { lower: speed }, margin: speed / 2, valueAtMargin: 0.5, sigmoid: 'linear' }
  return defineTask({
    name,
    description: `Get up from any fall, then ${speed === 0 ? 'stand' : `go forward at ${speed} m/s or faster`}.
Reward: the torso 1.2 m high or higher and upright${speed === 0 ? '' : `, times speed, full from ${speed} m/s on, a sixth at rest`}.`,
    xml: walkerXml,
    actions: ['right_hip', 'right_knee', 'right_ankle', 'left_hip', 'left_knee', 'left_ankle'],
    observations: [
      { name: 'orientations', size: 2 * bodies, meaning: "Cosine and sine of each body's pitch" },
      { name: 'height', size: 1, meaning: 'Of the torso, m' },
      { name: 'velocity', size: 9, meaning: 'm/s and rad/s' },
    ],
    controlTimestep: 0.025,
    timeLimit: 25,
    bind(physics) {
      const qvel = physics.dataView('qvel')
      const places = physics.dataView('xpos')
      const rotations = physics.dataView('xmat')
      const velocity = physics.dataView('sensordata')
      const torso = physics.id('body', 'torso')
      const height = () => places()[3 * torso + 2]!
      const standing = () => {
        const upright = (1 + rotations()[9 * torso + 8]!) / 2
        return (3 * tolerance(height(), high) + upright) / 4
      }
      return {
        reset: jointRandomiser(physics, { unlimitedHinges: true }),
        observe(out) {
          const rotation = rotations()
          for (let i = 0; i < bodies; i++) {
            out[2 * i] = rotation[9 * (torso + i)]!
            out[2 * i + 1] = rotation[9 * (torso + i) + 2]!
          }
          out[2 * bodies] = height()
          out.set(qvel(), 2 * bodies + 1)
        },
        reward: speed === 0 ? standing : () => (standing() * (5 * tolerance(velocity()[0]!, fast) + 1)) / 6,
      }
    },
  })
}

export const walkerRun = walker('walker-run', 8)
export const walkerStand = walker('walker-stand', 0)
export const walkerWalk = walker('walker-walk', 1)
