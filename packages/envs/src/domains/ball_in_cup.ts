import { defineTask } from '../task.ts'
import { ballInCupXml } from './ball_in_cup.xml.ts'

/** Swing the ball up and catch it in the cup; the reward is 0 or 1. */
export const ballInCupCatch = defineTask({
  name: 'ball_in_cup-catch',
  description: 'Swing the ball up and catch it in the cup. Reward: 1 with the ball in the cup, else 0.',
  xml: ballInCupXml,
  actions: ['x', 'z'],
  observations: [
    { name: 'position', size: 4, meaning: 'Cup and ball from where they rest, m' },
    { name: 'velocity', size: 4, meaning: 'm/s' },
  ],
  controlTimestep: 0.02,
  timeLimit: 20,
  bind(physics) {
    const qpos = physics.dataView('qpos')
    const qvel = physics.dataView('qvel')
    const sites = physics.dataView('site_xpos')
    const bodies = physics.dataView('xpos')
    const target = 3 * physics.id('site', 'target')
    const ball = 3 * physics.id('body', 'ball')
    const insides = physics.modelView('site_size')()
    const radius = physics.modelView('geom_size')()[3 * physics.id('geom', 'ball')]!
    const [roomX, roomZ] = [insides[target]! - radius, insides[target + 2]! - radius]
    const distanceAlong = (axis: number) => Math.abs(sites()[target + axis]! - bodies()[ball + axis]!)
    return {
      reset(rng) {
        // Anywhere clear of the cup.
        do {
          qpos()[2] = -0.2 + 0.4 * rng.uniform()
          qpos()[3] = 0.2 + 0.3 * rng.uniform()
          physics.forward()
        } while (physics.data.ncon > 0)
      },
      observe(out) {
        out.set(qpos(), 0)
        out.set(qvel(), 4)
      },
      reward: () => Number(distanceAlong(0) < roomX && distanceAlong(2) < roomZ),
    }
  },
})
