import type { Rng } from '@revflow/core'
import type { Physics } from '../physics.ts'
import { defineTask } from '../task.ts'
import { tolerance } from '../tolerance.ts'
import { distance, normalise, turnIntoFrame } from '../vectors.ts'
import { fishXml } from './fish.xml.ts'

/** Where the joints begin in the coordinates, after position (3) and quaternion (4), and how many there are. */
const firstJoint = 7
const joints = 7

/** What the tasks share. */
function bindFish(physics: Physics) {
  const qpos = physics.dataView('qpos')
  const qvel = physics.dataView('qvel')
  const xmat = physics.dataView('xmat')
  const torso = 9 * physics.id('body', 'torso')
  return {
    qvel,
    /** Cosine of the torso's tilt. */
    upright: () => xmat()[torso + 8]!,
    /** Any orientation, joints within 0.2 rad of 0. */
    start(rng: Rng): void {
      const position = qpos()
      normalise(rng.fillNormal(position.subarray(3, firstJoint)))
      rng.fillUniform(position.subarray(firstJoint), -0.2, 0.2)
    },
    /** Writes the first two parts of an observation. */
    observePose(out: Float64Array): void {
      for (let i = 0; i < joints; i++) out[i] = qpos()[firstJoint + i]!
      out[joints] = xmat()[torso + 8]!
    },
  }
}

const shared = {
  xml: fishXml,
  actions: ['tail', 'tail_twist', 'fins_flap', 'finleft_pitch', 'finright_pitch'],
  controlTimestep: 0.04,
  timeLimit: 40,
}
const pose = [
  { name: 'joint_angles', size: joints, meaning: 'rad' },
  { name: 'upright', size: 1, meaning: "Cosine of the torso's tilt" },
]
const velocity = {
  name: 'velocity',
  size: 13,
  meaning: 'Of the torso, m/s and rad/s, then of the joints, rad/s',
}

const level = { bounds: { lower: 1, upper: 1 }, margin: 1 }

/** Turn the right way up. */
export const fishUpright = defineTask({
  ...shared,
  name: 'fish-upright',
  description: 'Turn the right way up. Reward: 1 upright, less with the tilt of the torso.',
  observations: [...pose, velocity],
  bind(physics) {
    const { start, observePose, upright, qvel } = bindFish(physics)
    return {
      reset: start,
      observe(out) {
        observePose(out)
        out.set(qvel(), joints + 1)
      },
      reward: () => tolerance(upright(), level),
    }
  },
})

/** Bring the mouth into the target, a little the right way up. */
export const fishSwim = defineTask({
  ...shared,
  name: 'fish-swim',
  description: 'Bring the mouth to the target. Reward: 7/8 for the mouth in or near the target, 1/8 for being upright.',
  observations: [
    ...pose,
    { name: 'target', size: 3, meaning: "The target from the mouth, in the mouth's frame, m" },
    velocity,
  ],
  modelFields: ['geom_pos'],
  bind(physics) {
    const { start, observePose, upright, qvel } = bindFish(physics)
    const homePlaces = physics.modelView('geom_pos')
    const places = physics.dataView('geom_xpos')
    const rotations = physics.dataView('geom_xmat')
    const sizes = physics.modelView('geom_size')()
    const mouth = physics.id('geom', 'mouth')
    const target = 3 * physics.id('geom', 'target')
    const touching = sizes[target]! + sizes[3 * mouth]!
    const near = { bounds: { lower: 0, upper: touching }, margin: 2 * touching }
    return {
      reset(rng) {
        start(rng)
        const place = homePlaces()
        place[target] = 0.4 * (2 * rng.uniform() - 1)
        place[target + 1] = 0.4 * (2 * rng.uniform() - 1)
        place[target + 2] = 0.1 + 0.2 * rng.uniform()
      },
      observe(out) {
        observePose(out)
        for (let i = 0; i < 3; i++) out[joints + 1 + i] = places()[target + i]! - places()[3 * mouth + i]!
        turnIntoFrame(out, joints + 1, rotations(), mouth)
        out.set(qvel(), joints + 4)
      },
      reward: () => (7 * tolerance(distance(places(), 3 * mouth, target), near) + (1 + upright()) / 2) / 8,
    }
  },
})
