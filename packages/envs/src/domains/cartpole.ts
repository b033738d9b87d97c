import { defineTask, type TaskDefinition } from '../task.ts'
import { tolerance } from '../tolerance.ts'
import { cartpoleXml } from './cartpole.xml.ts'

const centre = { margin: 2 }
const idle = { margin: 1, valueAtMargin: 0, sigmoid: 'quadratic' } as const
const still = { margin: 5 }

/** Keep the pole upright and the cart centred, starting with it upright (balance) or hanging (swing-up). */
function cartpole(name: string, startsHanging: boolean): TaskDefinition {
  return defineTask({
    name,
    xml: cartpoleXml,
    actions: ['slide'],
    observations: [
      // Position of the cart, m; cosine and sine of the pole's angle from upright.
      { name: 'position', size: 3 },
      // m/s and rad/s.
      { name: 'velocity', size: 2 },
    ],
    controlTimestep: 0.01,
    timeLimit: 10,
    bind(physics) {
      const qpos = physics.dataView('qpos')
      const qvel = physics.dataView('qvel')
      const ctrl = physics.dataView('ctrl')
      const xmat = physics.dataView('xmat')
      const pole = 9 * physics.id('body', 'pole_1')
      return {
        reset(rng) {
          const position = qpos()
          position[0] = startsHanging ? 0.01 * rng.normal() : -0.1 + 0.2 * rng.uniform()
          position[1] = startsHanging ? Math.PI + 0.01 * rng.normal() : -0.034 + 0.068 * rng.uniform()
          rng.fillNormal(qvel(), 0.01)
        },
        observe(out) {
          const rotation = xmat()
          out[0] = qpos()[0]!
          out[1] = rotation[pole + 8]!
          out[2] = rotation[pole + 2]!
          out.set(qvel(), 3)
        },
        reward() {
          const upright = (xmat()[pole + 8]! + 1) / 2
          const centred = (1 + tolerance(qpos()[0]!, centre)) / 2
          const smallControl = (4 + tolerance(ctrl()[0]!, idle)) / 5
          const smallVelocity = (1 + tolerance(qvel()[1]!, still)) / 2
          return upright * smallControl * smallVelocity * centred
        },
      }
    },
  })
}

export const cartpoleBalance = cartpole('cartpole-balance', false)
export const cartpoleSwingup = cartpole('cartpole-swingup', true)
