import { smallControl } from '../rewards.ts'
import { defineTask, type TaskDefinition } from '../task.ts'
import { tolerance } from '../tolerance.ts'
import { cartpoleXml } from './cartpole.xml.ts'

const centre = { margin: 2 }
const still = { margin: 5 }
/** Sparse reward: the cart within 0.25 m of the centre, every pole within 5.7° of upright (cosine ≥ 0.995). */
const nearCentre = { bounds: { lower: -0.25, upper: 0.25 } }
const nearUpright = { bounds: { lower: 0.995, upper: 1 } }

interface Variant {
  /** Poles standing one on the other; default 1. */
  readonly poles?: number
  /** Starts with the poles hanging, not upright. */
  readonly hanging: boolean
  /** The reward is 0 or 1. */
  readonly sparse?: boolean
}

/** Keep the poles upright and the cart centred, starting with them upright (balance) or hanging (swing-up). */
function cartpole(name: string, { poles = 1, hanging, sparse = false }: Variant): TaskDefinition {
  const what = `Keep ${poles > 1 ? `${poles} poles, one on the other,` : 'the pole'} upright and the cart centred, starting
with ${poles > 1 ? 'them' : 'it'} ${hanging ? 'hanging' : 'upright'}.`
  const rewarded = sparse
    ? 'Reward: 1 with the cart within 0.25 m of the centre and the cosine of the angle at least 0.995, else 0.'
    : 'Reward: the product of four factors, for poles upright, a cart near the centre, slow poles and small control.'
  return defineTask({
    name,
    description: `${what}
${rewarded}`,
    xml: cartpoleXml(poles),
    actions: ['slide'],
    observations: [
      {
        name: 'position',
        size: 1 + 2 * poles,
        meaning: "Position of the cart, m; cosine and sine of each pole's angle from upright",
      },
      { name: 'velocity', size: 1 + poles, meaning: 'm/s and rad/s' },
    ],
    controlTimestep: 0.01,
    timeLimit: 10,
    bind(physics) {
      const qpos = physics.dataView('qpos')
      const qvel = physics.dataView('qvel')
      const ctrl = physics.dataView('ctrl')
      const xmat = physics.dataView('xmat')
      const firstPole = physics.id('body', 'pole_1')
      /** Cosine and sine of the angle of a pole, counted from 0, from upright. */
      const cosine = (pole: number) => xmat()[9 * (firstPole + pole) + 8]!
      const sine = (pole: number) => xmat()[9 * (firstPole + pole) + 2]!

      const shapedReward = () => {
        let upright = 0
        let slowest = 1
        for (let pole = 0; pole < poles; pole++) {
          upright += (cosine(pole) + 1) / 2 / poles
          slowest = Math.min(slowest, tolerance(qvel()[1 + pole]!, still))
        }
        const centred = (1 + tolerance(qpos()[0]!, centre)) / 2
        const smallVelocity = (1 + slowest) / 2
        return upright * smallControl(ctrl()) * smallVelocity * centred
      }
      const sparseReward = () => {
        let reward = tolerance(qpos()[0]!, nearCentre)
        for (let pole = 0; pole < poles; pole++) reward *= tolerance(cosine(pole), nearUpright)
        return reward
      }

      return {
        reset(rng) {
          const position = qpos()
          const within = (limit: number) => limit * (2 * rng.uniform() - 1)
          position[0] = hanging ? 0.01 * rng.normal() : within(0.1)
          position[1] = hanging ? Math.PI + 0.01 * rng.normal() : within(0.034)
          for (let i = 2; i <= poles; i++) position[i] = hanging ? 0.1 * rng.normal() : within(0.034)
          rng.fillNormal(qvel(), 0.01)
        },
        observe(out) {
          out[0] = qpos()[0]!
          for (let pole = 0; pole < poles; pole++) {
            out[1 + 2 * pole] = cosine(pole)
            out[2 + 2 * pole] = sine(pole)
          }
          out.set(qvel(), 1 + 2 * poles)
        },
        reward: sparse ? sparseReward : shapedReward,
      }
    },
  })
}

export const cartpoleBalance = cartpole('cartpole-balance', { hanging: false })
export const cartpoleBalanceSparse = cartpole('cartpole-balance_sparse', { hanging: false, sparse: true })
export const cartpoleSwingup = cartpole('cartpole-swingup', { hanging: true })
export const cartpoleSwingupSparse = cartpole('cartpole-swingup_sparse', { hanging: true, sparse: true })
export const cartpoleThreePoles = cartpole('cartpole-three_poles', { poles: 3, hanging: true })
export const cartpoleTwoPoles = cartpole('cartpole-two_poles', { poles: 2, hanging: true })
