import type { Rng } from '@revflow/core'
import type { Physics } from '../physics.ts'
import { type BoundTask, defineTask, type ObservationEntry, type TaskDefinition } from '../task.ts'
import { writeBowl } from '../terrain.ts'
import { tolerance } from '../tolerance.ts'
import { normalise, turnIntoFrame } from '../vectors.ts'
import { type QuadrupedOptions, quadrupedActions, quadrupedXml } from './quadruped.xml.ts'

const hinges = 16
const commonEntries: readonly ObservationEntry[] = [
  {
    name: 'egocentric_state',
    size: 2 * hinges + quadrupedActions.length,
    meaning: 'Of all joints rad, rad/s; of all actuators their filtered control',
  },
  { name: 'torso_velocity', size: 3, meaning: "In the torso's frame, m/s" },
  { name: 'torso_upright', size: 1, meaning: "Cosine of the torso's tilt" },
  { name: 'imu', size: 6, meaning: 'Acceleration, m/s², and angular velocity, rad/s' },
  { name: 'force_torque', size: 24, meaning: 'arsinh of the force, N, then of the torque, N·m, on each toe' },
]
const commonSize = commonEntries.reduce((sum, { size }) => sum + size, 0)

/** What all tasks see and are rewarded for. */
function bindCommon(physics: Physics) {
  const qpos = physics.dataView('qpos')
  const qvel = physics.dataView('qvel')
  const act = physics.dataView('act')
  const rotation = physics.dataView('xmat')
  const sensors = physics.dataView('sensordata')
  const torso = physics.id('body', 'torso')
  const address = (sensor: string) => (physics.model.sensor_adr as Int32Array)[physics.id('sensor', sensor)]!
  const [imu, velocity, forces] = [address('imu_accel'), address('velocimeter'), address('force_toe_front_left')]
  const tilt = () => rotation()[9 * torso + 8]!
  return {
    torso,
    /** Velocity ahead, m/s. */
    speed: () => sensors()[velocity]!,
    /** In [0, 1]: 1 where the torso is tilted by less than an angle, in degrees. */
    upright(degrees: number): () => number {
      const lower = Math.cos((degrees * Math.PI) / 180)
      const shape = { bounds: { lower }, margin: 1 + lower, valueAtMargin: 0, sigmoid: 'linear' } as const
      return () => tolerance(tilt(), shape)
    },
    observe(out: Float64Array) {
      const values = sensors()
      let offset = 0
      for (let i = 0; i < hinges; i++) out[offset++] = qpos()[7 + i]!
      for (let i = 0; i < hinges; i++) out[offset++] = qvel()[6 + i]!
      for (let i = 0; i < act().length; i++) out[offset++] = act()[i]!
      for (let i = 0; i < 3; i++) out[offset++] = values[velocity + i]!
      out[offset++] = tilt()
      for (let i = 0; i < 6; i++) out[offset++] = values[imu + i]!
      for (let i = 0; i < 24; i++) out[offset++] = Math.asinh(values[forces + i]!)
    },
    /** Raises the torso from the ground's level, 1 cm at a time, until nothing touches. */
    raise() {
      // Summed, not multiplied: whether the toes of an upright robot touch the floor at 52 cm is a matter of rounding.
      for (let height = 0; ; height += 0.01) {
        qpos()[2] = height
        if (physics.countContacts() === 0) return
      }
    },
    /** Draws an orientation, uniform over rotations. */
    turn: (rng: Rng) => normalise(rng.fillNormal(qpos().subarray(3, 7))),
  }
}
type Common = ReturnType<typeof bindCommon>

interface Variant extends QuadrupedOptions {
  readonly description: string
  /** What follows the common observation. */
  readonly observations?: readonly ObservationEntry[]
  readonly modelFields?: readonly string[]
  bind(physics: Physics, common: Common): BoundTask
}

function quadruped(
  name: string,
  { description, observations = [], modelFields = [], bind, ...options }: Variant,
): TaskDefinition {
  return defineTask({
    name,
    description,
    xml: quadrupedXml(options),
    actions: quadrupedActions,
    observations: [...commonEntries, ...observations],
    controlTimestep: 0.02,
    timeLimit: 20,
    modelFields,
    bind: (physics) => bind(physics, bindCommon(physics)),
  })
}

/** Move ahead at the given speed, m/s, staying upright. The floor ends where one gets at that speed. */
function move(name: string, speed: number): TaskDefinition {
  const fast = { bounds: { lower: speed }, margin: speed, valueAtMargin: 0.5, sigmoid: 'linear' } as const
  return quadruped(name, {
    description: `Move ahead at ${speed} m/s or faster, staying upright.
Reward: upright, times speed, full from ${speed} m/s on, half at rest.`,
    floor: 20 * speed,
    bind(_, common) {
      const upright = common.upright(0)
      return {
        reset(rng) {
          common.turn(rng)
          common.raise()
        },
        observe: common.observe,
        reward: () => upright() * tolerance(common.speed(), fast),
      }
    },
  })
}

/** Bumps a side of the escape terrain: one every 2 m. */
const bumps = 30

/** Get out of a bowl with bumps, staying upright. */
export const quadrupedEscape = quadruped('quadruped-escape', {
  description: `Get out of a bowl with bumps, staying upright.
Reward: upright, times the distance from the middle, full at the edge.`,
  floor: 40,
  terrain: true,
  observations: [
    { name: 'origin', size: 3, meaning: "The origin in the torso's frame, m" },
    { name: 'rangefinder', size: 20, meaning: 'tanh of the distances, m; 1 where there is nothing' },
  ],
  modelFields: ['hfield_data'],
  bind(physics, common) {
    const place = physics.dataView('xpos')
    const rotation = physics.dataView('xmat')
    const sitePlace = physics.dataView('site_xpos')
    const sensors = physics.dataView('sensordata')
    const heights = physics.modelView('hfield_data')
    const vertices = (physics.model.hfield_nrow as Int32Array)[0]!
    const halfSide = physics.modelView('hfield_size')()[0]!
    const workspace = physics.id('site', 'workspace')
    const firstRay = (physics.model.sensor_adr as Int32Array)[physics.id('sensor', 'rf_00')]!
    const far = { bounds: { lower: halfSide }, margin: halfSide, valueAtMargin: 0, sigmoid: 'linear' } as const
    const upright = common.upright(20)
    return {
      reset(rng) {
        writeBowl(heights(), rng.fillUniform(new Float64Array(bumps * bumps), 0.15, 1), vertices)
        common.turn(rng)
        common.raise()
      },
      observe(out) {
        common.observe(out)
        for (let i = 0; i < 3; i++) out[commonSize + i] = -place()[3 * common.torso + i]!
        turnIntoFrame(out, commonSize, rotation(), common.torso)
        for (let i = 0; i < 20; i++) {
          const distance = sensors()[firstRay + i]!
          out[commonSize + 3 + i] = distance === -1 ? 1 : Math.tanh(distance)
        }
      },
      reward() {
        const xpos = sitePlace()
        const distance = Math.hypot(xpos[3 * workspace]!, xpos[3 * workspace + 1]!, xpos[3 * workspace + 2]!)
        return upright() * tolerance(distance, far)
      },
    }
  },
})

/** Bring a ball that rolls about to a target in the middle of a walled floor, staying upright. */
export const quadrupedFetch = quadruped('quadruped-fetch', {
  description: `Bring a ball that rolls about to the target in the middle of a walled floor.
Reward: upright, times how near to the ball it is, half of which is for the ball at the target.`,
  floor: 15,
  ball: true,
  observations: [
    {
      name: 'ball_state',
      size: 9,
      meaning: "In the torso's frame: position and velocity relative to the torso, m and m/s; angular velocity, rad/s",
    },
    { name: 'target_position', size: 3, meaning: "In the torso's frame, m" },
  ],
  bind(physics, common) {
    const qpos = physics.dataView('qpos')
    const qvel = physics.dataView('qvel')
    const place = physics.dataView('xpos')
    const rotation = physics.dataView('xmat')
    const sitePlace = physics.dataView('site_xpos')
    const siteSize = physics.modelView('site_size')()
    const geomSize = physics.modelView('geom_size')()
    const [torso, ball] = [3 * common.torso, 3 * physics.id('body', 'ball')]
    const [target, workspace] = [3 * physics.id('site', 'target'), 3 * physics.id('site', 'workspace')]
    const root = physics.id('joint', 'ball_root')
    const ballPosition = (physics.model.jnt_qposadr as Int32Array)[root]!
    const ballVelocity = (physics.model.jnt_dofadr as Int32Array)[root]!
    const floor = geomSize[3 * physics.id('geom', 'floor')]!
    const spawn = 0.9 * floor
    const within = (upper: number) =>
      ({ bounds: { lower: 0, upper }, margin: floor * Math.SQRT2, valueAtMargin: 0, sigmoid: 'linear' }) as const
    const inReach = within(siteSize[workspace]! + geomSize[3 * physics.id('geom', 'ball')]!)
    const onTarget = within(siteSize[target]!)
    const upright = common.upright(0)
    return {
      reset(rng) {
        const azimuth = 2 * Math.PI * rng.uniform()
        qpos()[3] = Math.cos(azimuth / 2)
        qpos()[6] = Math.sin(azimuth / 2)
        rng.fillUniform(qpos().subarray(0, 2), -spawn, spawn)
        common.raise()
        rng.fillUniform(qpos().subarray(ballPosition, ballPosition + 2), -spawn, spawn)
        qpos()[ballPosition + 2] = 2
        rng.fillNormal(qvel().subarray(ballVelocity, ballVelocity + 2), 5)
      },
      observe(out) {
        common.observe(out)
        const xpos = place()
        const velocity = qvel()
        const goal = sitePlace()
        for (let i = 0; i < 3; i++) {
          out[commonSize + i] = xpos[ball + i]! - xpos[torso + i]!
          out[commonSize + 3 + i] = velocity[ballVelocity + i]! - velocity[i]!
          out[commonSize + 6 + i] = velocity[ballVelocity + 3 + i]!
          out[commonSize + 9 + i] = goal[target + i]! - xpos[torso + i]!
        }
        for (let at = 0; at < 12; at += 3) turnIntoFrame(out, commonSize + at, rotation(), common.torso)
      },
      reward() {
        const xpos = place()
        const sites = sitePlace()
        // Distances over the ground.
        const toBall = Math.hypot(sites[workspace]! - xpos[ball]!, sites[workspace + 1]! - xpos[ball + 1]!)
        const toTarget = Math.hypot(sites[target]! - xpos[ball]!, sites[target + 1]! - xpos[ball + 1]!)
        return upright() * tolerance(toBall, inReach) * (0.5 + 0.5 * tolerance(toTarget, onTarget))
      },
    }
  },
})

export const quadrupedRun = move('quadruped-run', 5)
export const quadrupedWalk = move('quadruped-walk', 0.5)
