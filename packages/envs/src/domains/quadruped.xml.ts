export interface QuadrupedOptions {
  /** Half the side of the square floor, m. */
  readonly floor: number
  /** A height field to climb out of, and rangefinders to see it by. */
  readonly terrain?: boolean
  /** A ball, a target for it, and walls around the floor. */
  readonly ball?: boolean
}

/** A leg's name, the corner of the torso it is at, and where it points, in degrees. */
const legs = [
  { leg: 'front_left', corner: '0.2 0.2 0', yaw: 45 },
  { leg: 'front_right', corner: '0.2 -0.2 0', yaw: -45 },
  { leg: 'back_right', corner: '-0.2 -0.2 0', yaw: -135 },
  { leg: 'back_left', corner: '-0.2 0.2 0', yaw: 135 },
]

/** Actuators in the order of the action vector. */
export const quadrupedActions = legs.flatMap(({ leg }) => [`yaw_${leg}`, `lift_${leg}`, `extend_${leg}`])

/** Something for each leg, a line each. */
const forLegs = (write: (leg: string) => string) => legs.map(({ leg }) => write(leg)).join('\n    ')

const legBody = ({ leg, corner, yaw }: (typeof legs)[number]) => `
      <body name="hip_${leg}" pos="${corner}" euler="0 0 ${yaw}">
        <joint name="yaw_${leg}" axis="0 0 1" range="-50 50"/>
        <joint name="pitch_${leg}" range="-20 60"/>
        <geom name="thigh_${leg}" fromto="0 0 0 0.3 0 0.11" size="0.08"/>
        <body name="knee_${leg}" pos="0.3 0 0.11">
          <joint name="knee_${leg}" range="-60 50"/>
          <geom name="shin_${leg}" fromto="0 0 0 0.25 0 -0.25" size="0.065"/>
          <body name="ankle_${leg}" pos="0.25 0 -0.25">
            <joint name="ankle_${leg}" range="-45 55"/>
            <geom name="foot_${leg}" fromto="0 0 0 0 0 -0.25" size="0.055"/>
            <body name="toe_${leg}" pos="0 0 -0.3">
              <geom name="toe_${leg}" type="sphere" size="0.08" friction="1.5"/>
              <site name="toe_${leg}" class="sense" type="sphere" size="0.084"/>
            </body>
          </body>
        </body>
      </body>`

/** Four rows of five rays that fan out ahead, the first row the highest. */
const rays = [0, 1, 2, 3].flatMap((row) =>
  [0, 1, 2, 3, 4].map((column) => {
    // The second ray of the second row lies on the first: so it is in the original.
    const y = row === 1 && column === 1 ? -2 : column - 2
    const ends = [41, y, 11 - row, 34 + 2 * row, 0, 11.5 - row / 2].map((centimetres) => centimetres / 100)
    return { name: `rf_${row}${column}`, ends: ends.join(' ') }
  }),
)

const walls = `
    <!-- They lean outwards by 45°. -->
    <geom name="wall_px" type="plane" pos="-15.7 0 0.7" zaxis="1 0 1" size="1 15 0.5"/>
    <geom name="wall_py" type="plane" pos="0 -15.7 0.7" zaxis="0 1 1" size="15 1 0.5"/>
    <geom name="wall_nx" type="plane" pos="15.7 0 0.7" zaxis="-1 0 1" size="1 15 0.5"/>
    <geom name="wall_ny" type="plane" pos="0 15.7 0.7" zaxis="0 -1 1" size="15 1 0.5"/>
    <site name="target" type="cylinder" pos="0 0 0.05" size="0.4 0.06"/>`

const ballBody = `
    <body name="ball" pos="0 0 3">
      <freejoint name="ball_root"/>
      <!-- Its contacts are its own, whatever it meets: stiff, bouncing, with friction against rolling. -->
      <geom name="ball" type="sphere" size="0.15" condim="6" friction="0.7 0.005 0.005" priority="1" solref="-10000 -30"/>
    </body>`

/**
 * A quadruped of 107 kg. Each leg has four joints and three actuators, which set the yaw, how high it is lifted and how
 * far it is extended; a tendon keeps pitch, knee and ankle summing to 0. The actuators are springs whose rest lengths
 * follow the control with a time constant of 0.1 s.
 */
export function quadrupedXml({ floor, terrain = false, ball = false }: QuadrupedOptions): string {
  return `
<mujoco model="quadruped">
  <size memory="1M"/>
  <option timestep="0.005"/>

  <asset>
    <!-- Heights of 0 to 5 m, written at every reset. -->
    <hfield name="terrain" nrow="201" ncol="201" size="30 30 5 0.1"/>
  </asset>

  <default>
    <geom solref="0.01 1" solimp="0.9 0.99 0.003"/>
    <default class="body">
      <geom type="capsule" condim="1" density="500"/>
      <joint type="hinge" axis="0 1 0" limited="true" damping="30" armature="0.01" solimplimit="0 0.99 0.01"/>
    </default>
    <default class="sense">
      <site group="4"/>
    </default>
    <default class="spring">
      <general ctrllimited="true" dyntype="filter" dynprm="0.1" gainprm="1000" biastype="affine" biasprm="0 -1000"/>
    </default>
  </default>

  <worldbody>
    <camera name="global" mode="trackcom" pos="-10 10 10" xyaxes="-1 -1 0 1 -1 2"/>
    <light mode="trackcom" pos="0 0 10"/>
    <geom name="floor" type="plane" size="${floor} ${floor} 0.5"/>
    ${terrain ? '<geom name="terrain" type="hfield" hfield="terrain" pos="0 0 -0.01"/>' : ''}
    ${ball ? walls : ''}

    <body name="torso" pos="0 0 0.57" childclass="body">
      <camera name="x" mode="trackcom" pos="-2 1 1" xyaxes="-1 -2 0 1 -0.5 4"/>
      <camera name="y" mode="trackcom" pos="0 -2.5 1" xyaxes="1 0 0 0 1 2"/>
      <camera name="egocentric" pos="0.3 0 0.1" xyaxes="0 -1 0 0.1 0 1" fovy="60"/>
      <freejoint name="root"/>
      <geom name="eye_r" type="cylinder" fromto="0.1 -0.07 0.12 0.31 -0.07 0.08" size="0.05" mass="0"/>
      <site name="pupil_r" type="sphere" pos="0.3 -0.07 0.08" zaxis="1 0 0" size="0.033"/>
      <geom name="eye_l" type="cylinder" fromto="0.1 0.07 0.12 0.31 0.07 0.08" size="0.05" mass="0"/>
      <site name="pupil_l" type="sphere" pos="0.3 0.07 0.08" zaxis="1 0 0" size="0.033"/>
      <!-- Where the ball is well placed. -->
      <site name="workspace" type="sphere" pos="0.8 0 -0.2" size="0.3 0.3 0.3" group="3"/>
      ${rays.map(({ name, ends }) => `<site name="${name}" class="sense" type="capsule" fromto="${ends}" size="0.005"/>`).join('\n      ')}
      <geom name="torso" type="ellipsoid" size="0.3 0.27 0.2" density="1000"/>
      <site name="torso_touch" type="box" size="0.26 0.26 0.26"/>
      <site name="torso" type="sphere" size="0.05"/>
      ${legs.map(legBody).join('')}
    </body>
    ${ball ? ballBody : ''}
  </worldbody>

  <tendon>
    ${forLegs(
      (leg) => `<fixed name="coupling_${leg}">
      <joint joint="pitch_${leg}" coef="0.333"/>
      <joint joint="knee_${leg}" coef="0.333"/>
      <joint joint="ankle_${leg}" coef="0.333"/>
    </fixed>`,
    )}
    ${forLegs(
      (leg) => `<fixed name="extend_${leg}">
      <joint joint="pitch_${leg}" coef="0.25"/>
      <joint joint="knee_${leg}" coef="-0.5"/>
      <joint joint="ankle_${leg}" coef="0.25"/>
    </fixed>
    <fixed name="lift_${leg}">
      <joint joint="pitch_${leg}" coef="0.5"/>
      <joint joint="ankle_${leg}" coef="-0.5"/>
    </fixed>`,
    )}
  </tendon>

  <equality>
    ${forLegs((leg) => `<tendon name="coupling_${leg}" tendon1="coupling_${leg}" solref="0.005 0.5" solimp="0.95 0.99 0.01"/>`)}
  </equality>

  <actuator>
    ${forLegs(
      (leg) => `<general name="yaw_${leg}" class="spring" joint="yaw_${leg}" ctrlrange="-1 1"/>
    <general name="lift_${leg}" class="spring" tendon="lift_${leg}" ctrlrange="-1 1.1"/>
    <general name="extend_${leg}" class="spring" tendon="extend_${leg}" ctrlrange="-0.8 0.8"/>`,
    )}
  </actuator>

  <sensor>
    <accelerometer name="imu_accel" site="torso"/>
    <gyro name="imu_gyro" site="torso"/>
    <velocimeter name="velocimeter" site="torso"/>
    ${forLegs((leg) => `<force name="force_toe_${leg}" site="toe_${leg}"/>`)}
    ${forLegs((leg) => `<torque name="torque_toe_${leg}" site="toe_${leg}"/>`)}
    <subtreecom name="center_of_mass" body="torso"/>
    ${terrain ? rays.map(({ name }) => `<rangefinder name="${name}" site="${name}"/>`).join('\n    ') : ''}
  </sensor>
</mujoco>
`
}
