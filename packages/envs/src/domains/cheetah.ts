import { jointRandomiser } from '../randomise.ts'
import { defineTask } from '../task.ts'
import { tolerance } from '../tolerance.ts'
import { cheetahXml } from './cheetah.xml.ts'

/** Full reward from 10 m/s on, linear below. */
const fast = { bounds: { lower: 10 }, margin: 10, valueAtMargin: 0, sigmoid: 'linear' } as const
/** Physics steps (2 s) in which a fresh state settles on the ground. */
const settlingSteps = 200

/** Run forward as fast as possible. */
export const cheetahRun = defineTask({
  name: 'cheetah-run',
  description: 'Run forward as fast as possible. Reward: linear in the speed, 1 from 10 m/s on.',
  xml: cheetahXml,
  actions: ['bthigh', 'bshin', 'bfoot', 'fthigh', 'fshin', 'ffoot'],
  observations: [
    { name: 'position', size: 8, meaning: 'All coordinates but x: m and rad' },
    { name: 'velocity', size: 9, meaning: 'm/s and rad/s' },
  ],
  controlTimestep: 0.01,
  timeLimit: 10,
  bind(physics) {
    const qpos = physics.dataView('qpos')
    const qvel = physics.dataView('qvel')
    const velocity = physics.dataView('sensordata')
    const drawJoints = jointRandomiser(physics, { unlimitedHinges: false })
    return {
      reset(rng) {
        drawJoints(rng)
        physics.advance(settlingSteps)
        physics.data.time = 0
      },
      observe(out) {
        const position = qpos()
        for (let i = 1; i < position.length; i++) out[i - 1] = position[i]!
        out.set(qvel(), position.length - 1)
      },
      reward: () => tolerance(velocity()[0]!, fast),
    }
  },
})
