import type { Rng } from '@revflow/core'
import type { Physics } from '../physics.ts'
import { jointRandomiser } from '../randomise.ts'
import { defineTask, type TaskDefinition } from '../task.ts'
import { fingerXml } from './finger.xml.ts'

/** Angular velocity of the spinner, rad/s, that counts as spinning. */
const spinningVelocity = -15
/** Damping of the spinner's hinge, N·m·s/rad: little where it is to spin, much where it is to stay turned. */
const damping = { spin: 0.03, turn: 0.5 }
/** Draws after which a start in contact is accepted. */
const mostDraws = 1000

/** What the tasks share: readings, the first three parts of an observation, and a start at rest free of contacts. */
function bindFinger(physics: Physics) {
  const sensors = physics.dataView('sensordata')
  const address = physics.model.sensor_adr as Int32Array
  const at = (name: string) => address[physics.id('sensor', name)]!
  const [proximal, velocity, hinge, touch] = [
    at('proximal'),
    at('proximal_velocity'),
    at('hinge_velocity'),
    at('touchtop'),
  ]
  const spinner = at('spinner')
  const hingeDof = (physics.model.jnt_dofadr as Int32Array)[physics.id('joint', 'hinge')]!
  const dampings = physics.modelView('dof_damping')
  const drawJoints = jointRandomiser(physics, { unlimitedHinges: true })
  /** A coordinate, x (0) or z (2), of what a position sensor reads, from the spinner's hinge, m. */
  const fromHinge = (sensor: number, axis: number) => sensors()[sensor + axis]! - sensors()[spinner + axis]!
  const [tip, target] = [at('tip'), at('target')]
  return {
    tip: (axis: number) => fromHinge(tip, axis),
    target: (axis: number) => fromHinge(target, axis),
    hingeVelocity: () => sensors()[hinge]!,
    start(rng: Rng, hingeDamping: number): void {
      dampings()[hingeDof] = hingeDamping
      for (let draw = 0; draw < mostDraws; draw++) {
        drawJoints(rng)
        physics.forward()
        if (physics.data.ncon === 0) return
      }
    },
    observe(out: Float64Array): void {
      const reading = sensors()
      out[0] = reading[proximal]!
      out[1] = reading[proximal + 1]!
      out[2] = fromHinge(tip, 0)
      out[3] = fromHinge(tip, 2)
      for (let i = 0; i < 3; i++) out[4 + i] = reading[velocity + i]!
      out[7] = Math.log1p(reading[touch]!)
      out[8] = Math.log1p(reading[touch + 1]!)
    },
  }
}

const shared = {
  xml: fingerXml,
  actions: ['proximal', 'distal'],
  controlTimestep: 0.02,
  timeLimit: 20,
}

const observations = [
  {
    name: 'position',
    size: 4,
    meaning: "Angles of the finger's joints, rad; x and z of the spinner's tip from its hinge, m",
  },
  { name: 'velocity', size: 3, meaning: "Of the finger's joints and the hinge, rad/s" },
  { name: 'touch', size: 2, meaning: 'log(1 + force in N) on the upper and lower side of the fingertip' },
]

/** Make the spinner turn at 15 rad/s or faster, clockwise as the cameras see it; the reward is 0 or 1. */
export const fingerSpin = defineTask({
  ...shared,
  name: 'finger-spin',
  description: 'Make the spinner turn. Reward: 1 at 15 rad/s or faster, clockwise as the cameras see it, else 0.',
  observations,
  modelFields: ['dof_damping'],
  bind(physics) {
    const finger = bindFinger(physics)
    return {
      reset: (rng) => finger.start(rng, damping.spin),
      observe: finger.observe,
      reward: () => Number(finger.hingeVelocity() <= spinningVelocity),
    }
  },
})

/** Turn the spinner so that its tip is in a target of the given radius (m) on its circle; the reward is 0 or 1. */
function turn(name: string, targetRadius: number): TaskDefinition {
  return defineTask({
    ...shared,
    name,
    description: `Turn the spinner so that its tip is in the target.
Reward: 1 with the tip within ${targetRadius} m of the target, else 0.`,
    observations: [
      ...observations,
      { name: 'target_position', size: 2, meaning: "x and z from the spinner's hinge, m" },
      { name: 'dist_to_target', size: 1, meaning: "From the tip to the target's surface, m; negative inside" },
    ],
    modelFields: ['dof_damping', 'site_pos', 'site_size'],
    bind(physics) {
      const finger = bindFinger(physics)
      const places = physics.modelView('site_pos')
      const sizes = physics.modelView('site_size')
      const target = 3 * physics.id('site', 'target')
      const bodies = physics.modelView('body_pos')()
      const spinner = 3 * physics.id('body', 'spinner')
      const [hingeX, hingeZ] = [bodies[spinner]!, bodies[spinner + 2]!]
      const capsules = physics.modelView('geom_size')()
      const cap = 3 * physics.id('geom', 'cap1')
      const circle = capsules[cap]! + capsules[cap + 1]!
      const toTarget = () =>
        Math.hypot(finger.target(0) - finger.tip(0), finger.target(2) - finger.tip(2)) - sizes()[target]!
      return {
        reset(rng) {
          const angle = Math.PI * (2 * rng.uniform() - 1)
          places()[target] = hingeX + circle * Math.sin(angle)
          places()[target + 2] = hingeZ + circle * Math.cos(angle)
          sizes()[target] = targetRadius
          finger.start(rng, damping.turn)
        },
        observe(out) {
          finger.observe(out)
          out[9] = finger.target(0)
          out[10] = finger.target(2)
          out[11] = toTarget()
        },
        reward: () => Number(toTarget() <= 0),
      }
    },
  })
}

export const fingerTurnEasy = turn('finger-turn_easy', 0.07)
export const fingerTurnHard = turn('finger-turn_hard', 0.03)
