export interface ManipulatorOptions {
  /** What the hand is to move. */
  readonly object: 'ball' | 'peg'
  /** The target is in a receptacle: a cup for the ball, a slot for the peg. */
  readonly insert: boolean
}

/** Half of a gripper: two phalanges and the sprung tip. The two are mirror images. */
function digit(name: 'thumb' | 'finger', place: string): string {
  return `
            <body name="${name}" ${place}>
              <joint name="${name}" damping="0.5" range="-10 60"/>
              <geom name="${name}1" fromto="0 0 0 0.02 0 -0.01" size="0.007"/>
              <geom name="${name}2" fromto="0.02 0 -0.01 0.04 0 -0.01" size="0.007"/>
              <site name="${name}_touch" class="touch" pos="0.022 0 -0.002" euler="0 15 0" size="0.018 0.005 0.005"/>
              <body name="${name}tip" pos="0.05 0 -0.01">
                <joint name="${name}tip" damping="0.01" stiffness="0.01" range="-40 20"/>
                <geom name="${name}tip1" type="sphere" pos="-0.003 0 0" size="0.008"/>
                <geom name="${name}tip2" type="sphere" pos="0.003 0 0" size="0.008"/>
                <site name="${name}tip_touch" class="touch" pos="0.003 0 0.003" size="0.012 0.005 0.008"/>
              </body>
            </body>`
}

/** Joints of an object that moves in the plane; their coordinates are those of the world. */
const planar = (name: string, x: number, z: number) => `
      <joint name="${name}_x" class="planar" type="slide" axis="1 0 0" ref="${x}"/>
      <joint name="${name}_z" class="planar" type="slide" axis="0 0 1" ref="${z}"/>
      <joint name="${name}_y" class="planar" axis="0 1 0"/>`

const ball = `
    <body name="ball" pos="0.4 0 0.4">
      ${planar('ball', 0.4, 0.4)}
      <geom name="ball" type="sphere" size="0.022"/>
      <site name="ball" type="sphere"/>
    </body>`

const cup = `
    <body name="cup" pos="0.3 0 0.4" euler="0 -15 0">
      <geom name="cup_0" class="wall" fromto="-0.03 0 0.06 -0.03 0 -0.015" size="0.008"/>
      <geom name="cup_1" class="wall" fromto="-0.03 0 -0.015 0 0 -0.04" size="0.008"/>
      <geom name="cup_2" class="wall" fromto="0 0 -0.04 0.03 0 -0.015" size="0.008"/>
      <geom name="cup_3" class="wall" fromto="0.03 0 -0.015 0.03 0 0.06" size="0.008"/>
      <site name="cup" type="sphere" size="0.005"/>
    </body>`

/** A little smaller than the ball, and in front of it. */
const targetBall = `
    <body name="target_ball" pos="0.4 0.001 0.4">
      <geom name="target_ball" class="target" type="sphere" size="0.02"/>
      <site name="target_ball" type="sphere"/>
    </body>`

/** A peg like a sword of 13 cm, hilt up; the same for the target, which is to be seen only. */
const pegParts = (prefix = '', style = '') => `
      <geom name="${prefix}blade" ${style} fromto="0 0 -0.013 0 0 -0.113" size="0.005"/>
      <geom name="${prefix}guard" ${style} fromto="-0.017 0 -0.043 0.017 0 -0.043" size="0.005"/>
      <site name="${prefix}peg" pos="0 0 -0.063"/>
      <site name="${prefix}peg_pinch" pos="0 0 -0.025"/>
      <site name="${prefix}peg_grasp"/>
      <site name="${prefix}peg_tip" pos="0 0 -0.113"/>`

const peg = `
    <body name="peg" pos="-0.4 0 0.4">
      ${planar('peg', -0.4, 0.4)}
      ${pegParts()}
      <body name="pommel" pos="0 0 -0.013">
        <geom name="pommel" type="sphere" size="0.009"/>
      </body>
    </body>`

const slot = `
    <body name="slot" pos="-0.405 0 0.2" euler="0 20 0">
      <geom name="slot_0" class="wall" type="box" pos="-0.0252 0 -0.083" size="0.0198 0.01 0.035"/>
      <geom name="slot_1" class="wall" type="box" pos="0.0252 0 -0.083" size="0.0198 0.01 0.035"/>
      <geom name="slot_2" class="wall" type="box" pos="0 0 -0.138" size="0.045 0.01 0.02"/>
      <site name="slot"/>
      <site name="slot_end" pos="0 0 -0.05"/>
    </body>`

const targetPeg = `
    <body name="target_peg" pos="-0.2 0.001 0.4">
      ${pegParts('target_', 'class="target"')}
      <geom name="target_pommel" class="target" type="sphere" pos="0 0 -0.013" size="0.009"/>
    </body>`

const parts = {
  ball: { object: ball, receptacle: cup, target: targetBall },
  peg: { object: peg, receptacle: slot, target: targetPeg },
}

/**
 * An arm of four links with a gripper, and an object, all in the plane of x and z. Poses of target and receptacle are
 * written at every reset.
 */
export function manipulatorXml({ object, insert }: ManipulatorOptions): string {
  return `
<mujoco model="planar manipulator">
  <size memory="1M"/>
  <option timestep="0.001" cone="elliptic"/>

  <default>
    <geom type="capsule" friction="0.7" solref="0.005 1" solimp="0.9 0.97 0.001"/>
    <joint type="hinge" axis="0 -1 0" limited="true" solreflimit="0.005 1" solimplimit="0 0.99 0.01"/>
    <site type="box" size="0.003 0.003 0.003" group="3"/>
    <tendon width="0.01"/>
    <motor ctrllimited="true" ctrlrange="-1 1"/>
    <default class="arm">
      <geom density="500"/>
    </default>
    <default class="wall">
      <geom friction="0"/>
    </default>
    <default class="target">
      <geom contype="0" conaffinity="0"/>
    </default>
    <default class="planar">
      <joint limited="false"/>
    </default>
    <default class="touch">
      <site group="4"/>
    </default>
  </default>

  <worldbody>
    <light mode="targetbody" target="hand" pos="0 -1 3"/>
    <camera name="fixed" pos="0 -16 0.4" xyaxes="1 0 0 0 0 1" fovy="4"/>
    <!-- A trough: a floor and two walls that lean outwards by 45°, before a background. -->
    <geom name="floor" type="plane" size="0.4 0.2 10"/>
    <geom name="wall1" type="plane" pos="-0.682843 0 0.282843" zaxis="1 0 1" size="0.4 0.2 10"/>
    <geom name="wall2" type="plane" pos="0.682843 0 0.282843" zaxis="-1 0 1" size="0.4 0.2 10"/>
    <geom name="background" type="plane" pos="0 0.2 0.5" zaxis="0 -1 0" size="1 0.5 10"/>
    <geom name="arm_root" class="target" type="cylinder" fromto="0 -0.022 0.4 0 0.022 0.4" size="0.024"/>

    <body name="upper_arm" pos="0 0 0.4" childclass="arm">
      <joint name="arm_root" damping="2" limited="false"/>
      <geom name="upper_arm" fromto="0 0 0 0 0 0.18" size="0.02"/>
      <body name="middle_arm" pos="0 0 0.18">
        <joint name="arm_shoulder" damping="1.5" range="-160 160"/>
        <geom name="middle_arm" fromto="0 0 0 0 0 0.15" size="0.017"/>
        <body name="lower_arm" pos="0 0 0.15">
          <joint name="arm_elbow" damping="1" range="-160 160"/>
          <geom name="lower_arm" fromto="0 0 0 0 0 0.12" size="0.014"/>
          <body name="hand" pos="0 0 0.12">
            <joint name="arm_wrist" damping="0.5" range="-140 140"/>
            <geom name="hand" fromto="0 0 0 0 0 0.03" size="0.011"/>
            <geom name="palm1" fromto="0 0 0.03 0.03 0 0.045" size="0.008"/>
            <geom name="palm2" fromto="0 0 0.03 -0.03 0 0.045" size="0.008"/>
            <!-- Where the hand holds a thing: in the palm, or between the tips. -->
            <site name="grasp" type="sphere" pos="0 0 0.065"/>
            <site name="palm_touch" class="touch" pos="0 0 0.043" size="0.025 0.005 0.008"/>
            <body name="pinch site" pos="0 0 0.09">
              <inertial pos="0 0 0" mass="1e-6" diaginertia="1e-12 1e-12 1e-12"/>
              <camera name="hand" mode="track" pos="0 -1 0" xyaxes="1 0 0 0 0 1"/>
              <site name="pinch" type="sphere"/>
            </body>
            ${digit('thumb', 'pos="0.03 0 0.045" euler="0 -90 0"')}
            ${digit('finger', 'pos="-0.03 0 0.045" euler="0 90 180"')}
          </body>
        </body>
      </body>
    </body>
    ${parts[object].object}
    ${insert ? parts[object].receptacle : ''}
    ${parts[object].target}
  </worldbody>

  <tendon>
    <fixed name="grasp">
      <joint joint="thumb" coef="0.5"/>
      <joint joint="finger" coef="0.5"/>
    </fixed>
    <fixed name="coupling">
      <joint joint="thumb" coef="-0.5"/>
      <joint joint="finger" coef="0.5"/>
    </fixed>
  </tendon>

  <equality>
    <!-- Thumb and finger open and close together. -->
    <tendon name="coupling" tendon1="coupling" solref="0.005 0.5" solimp="0.95 0.99 0.001"/>
  </equality>

  <actuator>
    <motor name="root" joint="arm_root" gear="12"/>
    <motor name="shoulder" joint="arm_shoulder" gear="8"/>
    <motor name="elbow" joint="arm_elbow" gear="4"/>
    <motor name="wrist" joint="arm_wrist" gear="2"/>
    <motor name="grasp" tendon="grasp" gear="2"/>
  </actuator>

  <sensor>
    <touch name="palm_touch" site="palm_touch"/>
    <touch name="finger_touch" site="finger_touch"/>
    <touch name="thumb_touch" site="thumb_touch"/>
    <touch name="fingertip_touch" site="fingertip_touch"/>
    <touch name="thumbtip_touch" site="thumbtip_touch"/>
  </sensor>
</mujoco>
`
}
