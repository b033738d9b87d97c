import { defineTask } from '../task.ts'
import { tolerance } from '../tolerance.ts'
import { pendulumXml } from './pendulum.xml.ts'

/** Within 8° of upright. */
const upright = { bounds: { lower: Math.cos((8 * Math.PI) / 180), upper: 1 } }

/** Swing the pendulum up and keep it there; the reward is 0 or 1. */
export const pendulumSwingup = defineTask({
  name: 'pendulum-swingup',
  description: 'Swing the pendulum up and keep it there. Reward: 1 within 8° of upright, else 0.',
  xml: pendulumXml,
  actions: ['torque'],
  observations: [
    { name: 'orientation', size: 2, meaning: 'Cosine and sine of the angle from upright' },
    { name: 'velocity', size: 1, meaning: 'rad/s' },
  ],
  controlTimestep: 0.02,
  timeLimit: 20,
  bind(physics) {
    const qpos = physics.dataView('qpos')
    const qvel = physics.dataView('qvel')
    const xmat = physics.dataView('xmat')
    const pole = 9 * physics.id('body', 'pole')
    return {
      reset(rng) {
        qpos()[0] = Math.PI * (2 * rng.uniform() - 1)
      },
      observe(out) {
        const rotation = xmat()
        out[0] = rotation[pole + 8]!
        out[1] = rotation[pole + 2]!
        out[2] = qvel()[0]!
      },
      reward: () => tolerance(xmat()[pole + 8]!, upright),
    }
  },
})
