/** A limb's side, and the sign of its y coordinates: x is ahead, z up. */
type Side = readonly [name: 'right' | 'left', y: 1 | -1]
const sides: readonly Side[] = [
  ['right', -1],
  ['left', 1],
]

function leg([side, y]: Side): string {
  // A foot is a pair of capsules that spread towards the toes, the right one named first.
  const outer = `${side}_${side}_foot`
  const inner = `${side === 'right' ? 'left' : 'right'}_${side}_foot`
  const soles = [
    `<site name="${outer}" class="touch" pos="0.035 ${0.03 * y} 0" zaxis="21 ${2 * y} 0" size="0.03 0.11"/>`,
    `<site name="${inner}" class="touch" pos="0.035 ${-0.01 * y} 0" zaxis="21 ${-2 * y} 0" size="0.03 0.11"/>`,
  ]
  if (side === 'left') soles.reverse()
  return `
        <body name="${side}_thigh" pos="0 ${0.1 * y} -0.04">
          <joint name="${side}_hip_x" class="big" axis="${-y} 0 0" range="-25 5"/>
          <joint name="${side}_hip_z" class="big" axis="0 0 ${-y}" range="-60 35"/>
          <!-- The left hip bends 10° further forward, as in the original. -->
          <joint name="${side}_hip_y" class="big" axis="0 1 0" range="${side === 'left' ? -120 : -110} 20" stiffness="20"/>
          <geom name="${side}_thigh" fromto="0 0 0 0 ${-0.01 * y} -0.34" size="0.06"/>
          <site name="${side}_hip" class="force"/>
          <site name="${side}_thigh" class="touch" pos="0 ${-0.005 * y} -0.17" zaxis="0 ${y} 34" size="0.061 0.17"/>
          <body name="${side}_shin" pos="0 ${-0.01 * y} -0.403">
            <joint name="${side}_knee" pos="0 0 0.02" axis="0 -1 0" range="-160 2" stiffness="1"/>
            <geom name="${side}_shin" fromto="0 0 0 0 0 -0.3" size="0.049"/>
            <site name="${side}_knee" class="force" pos="0 0 0.02"/>
            <site name="${side}_shin" class="touch" pos="0 0 -0.15" size="0.05 0.15"/>
            <body name="${side}_foot" pos="0 0 -0.39">
              <joint name="${side}_ankle_y" pos="0 0 0.08" axis="0 1 0" range="-50 50" stiffness="6"/>
              <joint name="${side}_ankle_x" pos="0 0 0.04" axis="1 0 0.5" range="-50 50" stiffness="3"/>
              <geom name="${outer}" fromto="-0.07 ${0.02 * y} 0 0.14 ${0.04 * y} 0" size="0.027"/>
              <geom name="${inner}" fromto="-0.07 0 0 0.14 ${-0.02 * y} 0" size="0.027"/>
              <site name="${side}_ankle" class="force"/>
              ${soles.join('\n              ')}
            </body>
          </body>
        </body>`
}

function arm([side, y]: Side): string {
  // A shoulder's two axes, and with them their ranges, are mirrored.
  const range = side === 'right' ? '-85 60' : '-60 85'
  return `
      <body name="${side}_upper_arm" pos="0 ${0.17 * y} 0.06">
        <joint name="${side}_shoulder1" axis="2 ${-y} 1" range="${range}" stiffness="1"/>
        <joint name="${side}_shoulder2" axis="0 ${y} 1" range="${range}" stiffness="1"/>
        <geom name="${side}_upper_arm" fromto="0 0 0 0.16 ${0.16 * y} -0.16" size="0.04"/>
        <site name="${side}_upper_arm" class="touch" pos="0.08 ${0.08 * y} -0.08" zaxis="1 ${y} -1" size="0.041 0.14"/>
        <body name="${side}_lower_arm" pos="0.18 ${0.18 * y} -0.18">
          <joint name="${side}_elbow" axis="0 -1 ${-y}" range="-90 50"/>
          <geom name="${side}_lower_arm" fromto="0.01 ${-0.01 * y} 0.01 0.17 ${-0.17 * y} 0.17" size="0.031"/>
          <site name="${side}_lower_arm" class="touch" pos="0.09 ${-0.09 * y} 0.09" zaxis="1 ${-y} 1" size="0.032 0.14"/>
          <body name="${side}_hand" pos="0.18 ${-0.18 * y} 0.18">
            <geom name="${side}_hand" type="sphere" size="0.04"/>
            <site name="${side}_hand" class="touch" type="sphere" size="0.041"/>
          </body>
        </body>
      </body>`
}

const legTouches = ([side]: Side) => [`${side}_thigh`, `${side}_shin`, `right_${side}_foot`, `left_${side}_foot`]
const armTouches = ([side]: Side) => [`${side}_upper_arm`, `${side}_lower_arm`, `${side}_hand`]
const touches = ['torso', 'head', 'lower_waist', 'butt', ...sides.flatMap(legTouches), ...sides.flatMap(armTouches)]
const legJoints = ['ankle', 'knee', 'hip'].flatMap((joint) => [`left_${joint}`, `right_${joint}`])

/** Torque at full control, N·m. */
type Motor = readonly [joint: string, gear: number]
const legMotors = ([side]: Side): Motor[] => [
  [`${side}_hip_x`, 40],
  [`${side}_hip_z`, 40],
  [`${side}_hip_y`, 120],
  [`${side}_knee`, 80],
  [`${side}_ankle_x`, 20],
  [`${side}_ankle_y`, 20],
]
const armMotors = ([side]: Side): Motor[] => [
  [`${side}_shoulder1`, 20],
  [`${side}_shoulder2`, 20],
  [`${side}_elbow`, 40],
]
const motors: readonly Motor[] = [
  ['abdomen_y', 40],
  ['abdomen_z', 40],
  ['abdomen_x', 40],
  ...sides.flatMap(legMotors),
  ...sides.flatMap(armMotors),
]

/** Actuators in the order of the action vector. */
export const humanoidActions = motors.map(([joint]) => joint)

const lines = (items: readonly string[]) => items.join('\n    ')

/** A humanoid of 41 kg and 21 driven joints, most of them damped springs at 0; masses follow from volumes. */
export const humanoidXml = `
<mujoco model="humanoid">
  <size memory="1M"/>
  <option timestep="0.005"/>
  <statistic center="0 0 1" extent="2"/>

  <default>
    <geom type="capsule" condim="1" friction="0.7" solimp="0.9 0.99 0.003" solref="0.015 1"/>
    <!-- Limits as soft as can be where they begin. -->
    <joint type="hinge" limited="true" damping="0.2" armature="0.01" solimplimit="0 0.99 0.01"/>
    <motor ctrllimited="true" ctrlrange="-1 1"/>
    <default class="big">
      <joint damping="5" stiffness="10"/>
    </default>
    <default class="force">
      <site type="box" size="0.01 0.01 0.02" group="3"/>
    </default>
    <default class="touch">
      <site type="capsule" group="3"/>
    </default>
  </default>

  <worldbody>
    <geom name="floor" type="plane" size="100 100 0.2" condim="3" friction="1" solimp="0.9 0.95 0.001" solref="0.02 1"/>

    <body name="torso" pos="0 0 1.5">
      <light mode="trackcom" pos="0 0 3"/>
      <camera name="back" mode="trackcom" pos="-3 0 1" xyaxes="0 -1 0 1 0 3"/>
      <camera name="side" mode="trackcom" pos="0 -3 1" xyaxes="1 0 0 0 1 3"/>
      <freejoint name="root"/>
      <site name="root" class="force"/>
      <geom name="torso" fromto="0 -0.07 0 0 0.07 0" size="0.07"/>
      <geom name="upper_waist" fromto="-0.01 -0.06 -0.12 -0.01 0.06 -0.12" size="0.06"/>
      <site name="torso" class="touch" type="box" pos="0 0 -0.05" size="0.075 0.14 0.13"/>

      <body name="head" pos="0 0 0.19">
        <camera name="egocentric" pos="0.1 0 0" xyaxes="0 -1 0 0 0 1" fovy="80"/>
        <geom name="head" type="sphere" size="0.09"/>
        <site name="head" class="touch" type="sphere" size="0.091"/>
      </body>

      <body name="lower_waist" pos="-0.01 0 -0.26" quat="1 0 -0.002 0">
        <joint name="abdomen_z" class="big" pos="0 0 0.065" axis="0 0 1" range="-45 45" stiffness="20"/>
        <joint name="abdomen_y" class="big" pos="0 0 0.065" axis="0 1 0" range="-75 30"/>
        <geom name="lower_waist" fromto="0 -0.06 0 0 0.06 0" size="0.06"/>
        <site name="lower_waist" class="touch" zaxis="0 1 0" size="0.061 0.06"/>
        <body name="pelvis" pos="0 0 -0.165" quat="1 0 -0.002 0">
          <joint name="abdomen_x" class="big" pos="0 0 0.1" axis="1 0 0" range="-35 35"/>
          <geom name="butt" fromto="-0.02 -0.07 0 -0.02 0.07 0" size="0.09"/>
          <site name="butt" class="touch" pos="-0.02 0 0" zaxis="0 1 0" size="0.091 0.07"/>
          ${sides.map(leg).join('\n')}
        </body>
      </body>
      ${sides.map(arm).join('\n')}
    </body>
  </worldbody>

  <actuator>
    ${lines(motors.map(([joint, gear]) => `<motor name="${joint}" joint="${joint}" gear="${gear}"/>`))}
  </actuator>

  <sensor>
    <!-- Velocity of the whole body's centre of mass, m/s. -->
    <subtreelinvel name="torso_subtreelinvel" body="torso"/>
    <accelerometer name="torso_accel" site="root"/>
    <velocimeter name="torso_vel" site="root"/>
    <gyro name="torso_gyro" site="root"/>
    ${lines(legJoints.map((joint) => `<force name="${joint}_force" site="${joint}"/>`))}
    ${lines(legJoints.map((joint) => `<torque name="${joint}_torque" site="${joint}"/>`))}
    ${lines(touches.map((part) => `<touch name="${part}_touch" site="${part}"/>`))}
  </sensor>
</mujoco>
`
