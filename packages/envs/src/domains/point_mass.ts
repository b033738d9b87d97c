import type { Rng } from '@revflow/core'
import type { RealView } from '../mujoco.ts'
import { jointRandomiser } from '../randomise.ts'
import { smallControl } from '../rewards.ts'
import { defineTask, type TaskDefinition } from '../task.ts'
import { tolerance } from '../tolerance.ts'
import { distance } from '../vectors.ts'
import { pointMassXml } from './point_mass.xml.ts'

/** Directions of the two actuators: uniform, but no closer to parallel than 26° (cosine 0.9). */
function drawDirections(rng: Rng, out: RealView): void {
  const first = 2 * Math.PI * rng.uniform()
  let second: number
  do second = 2 * Math.PI * rng.uniform()
  while (Math.abs(Math.cos(first - second)) > 0.9)
  out[0] = Math.cos(first)
  out[1] = Math.sin(first)
  out[2] = Math.cos(second)
  out[3] = Math.sin(second)
}

/** Bring the ball to the target in the middle; in `hard`, each episode has its own directions of the actuators. */
function pointMass(name: string, randomDirections: boolean): TaskDefinition {
  return defineTask({
    name,
    description: `Bring the ball to the target in the middle${randomDirections ? '; each episode has its own directions of the actuators' : ''}.
Reward: the ball in or near the target, times small control.`,
    xml: pointMassXml,
    actions: ['t1', 't2'],
    observations: [
      { name: 'position', size: 2, meaning: 'm' },
      { name: 'velocity', size: 2, meaning: 'm/s' },
    ],
    controlTimestep: 0.02,
    timeLimit: 20,
    modelFields: randomDirections ? ['wrap_prm'] : [],
    bind(physics) {
      const qpos = physics.dataView('qpos')
      const qvel = physics.dataView('qvel')
      const ctrl = physics.dataView('ctrl')
      const place = physics.dataView('geom_xpos')
      const directions = physics.modelView('wrap_prm')
      const ball = 3 * physics.id('geom', 'pointmass')
      const target = 3 * physics.id('geom', 'target')
      const radius = physics.modelView('geom_size')()[target]!
      const near = { bounds: { lower: 0, upper: radius }, margin: radius }
      const drawJoints = jointRandomiser(physics, { unlimitedHinges: true })
      return {
        reset(rng) {
          drawJoints(rng)
          if (randomDirections) drawDirections(rng, directions())
        },
        observe(out) {
          out.set(qpos(), 0)
          out.set(qvel(), 2)
        },
        reward: () => tolerance(distance(place(), ball, target), near) * smallControl(ctrl()),
      }
    },
  })
}

export const pointMassEasy = pointMass('point_mass-easy', false)
export const pointMassHard = pointMass('point_mass-hard', true)
