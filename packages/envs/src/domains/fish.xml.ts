/** A fin on one side of the torso (−1: left, 1: right). */
const fin = (name: string, side: number) => `
      <body name="${name}" pos="${0.01 * side} 0 0">
        <joint name="${name}_roll" axis="0 1 0"/>
        <joint name="${name}_pitch" axis="1 0 0" pos="0 0.005 0"/>
        <geom name="${name}" pos="${0.015 * side} 0 0" size="0.02 0.015 0.001"/>
      </body>`

/**
 * A fish of 34 g, 22 cm long, free in heavy fluid: a torso with a tail of two parts and two fins. Its mouth points
 * along y. The torso weighs as much as a thin plate inside; its other shapes are to be seen. Gravity, limits and
 * contacts are off. A reset of the task `swim` writes the position of the geom `target`.
 */
export const fishXml = `
<mujoco model="fish">
  <size memory="1M"/>
  <option timestep="0.004" density="5000">
    <flag gravity="disable" constraint="disable"/>
  </option>

  <default>
    <general ctrllimited="true" ctrlrange="-1 1"/>
    <default class="fish">
      <!-- Ranges for reference only, in degrees: no joint is limited. -->
      <joint type="hinge" limited="false" range="-60 60" damping="2e-5" solreflimit="0.1 1" solimplimit="0 0.8 0.1"/>
      <geom type="ellipsoid"/>
    </default>
  </default>

  <worldbody>
    <camera name="tracking_top" mode="trackcom" pos="0 0 1" xyaxes="1 0 0 0 1 0"/>
    <camera name="tracking_x" mode="trackcom" pos="-0.3 0 0.2" xyaxes="0 -1 0 0.3 0 1"/>
    <camera name="tracking_y" mode="trackcom" pos="0 -0.3 0.2" xyaxes="1 0 0 0 0.3 1"/>
    <camera name="fixed_top" pos="0 0 1" xyaxes="1 0 0 0 1 0"/>
    <geom name="ground" type="plane" size="0.5 0.5 0.1"/>
    <geom name="target" type="sphere" pos="0 0.4 0.1" size="0.04"/>

    <body name="torso" pos="0 0 0.1" childclass="fish">
      <light mode="trackcom" pos="0 0 1"/>
      <camera name="eye" pos="0 0.06 0.02" xyaxes="1 0 0 0 0 1"/>
      <joint name="root" type="free" damping="0"/>
      <site name="torso" size="0.01"/>
      <geom name="eye" pos="0 0.055 0.015" size="0.008 0.012 0.008" euler="-10 0 0" mass="0"/>
      <geom name="mouth" type="capsule" fromto="0 0.079 0 0 0.07 0" size="0.005" mass="0"/>
      <geom name="lower_mouth" type="capsule" fromto="0 0.079 -0.004 0 0.07 -0.003" size="0.0045" mass="0"/>
      <geom name="torso" size="0.01 0.08 0.04" mass="0"/>
      <geom name="back_fin" pos="0 -0.03 0.03" size="0.001 0.03 0.015" mass="0"/>
      <geom name="torso_massive" type="box" size="0.002 0.06 0.03" group="4"/>

      <body name="tail1" pos="0 -0.09 0">
        <joint name="tail1" axis="0 0 1" pos="0 0.01 0"/>
        <joint name="tail_twist" axis="0 1 0" pos="0 0.01 0" range="-30 30"/>
        <geom name="tail1" size="0.001 0.008 0.016"/>
        <body name="tail2" pos="0 -0.028 0">
          <joint name="tail2" axis="0 0 1" pos="0 0.02 0" stiffness="8e-5"/>
          <geom name="tail2" size="0.001 0.018 0.035"/>
        </body>
      </body>
${fin('finright', 1)}
${fin('finleft', -1)}
    </body>
  </worldbody>

  <tendon>
    <!-- The fins' opposite rolls, driven; and what they roll together, held by a spring. -->
    <fixed name="fins_flap">
      <joint joint="finleft_roll" coef="-0.5"/>
      <joint joint="finright_roll" coef="0.5"/>
    </fixed>
    <fixed name="fins_sym" stiffness="1e-4">
      <joint joint="finleft_roll" coef="0.5"/>
      <joint joint="finright_roll" coef="0.5"/>
    </fixed>
  </tendon>

  <sensor>
    <velocimeter name="velocimeter" site="torso"/>
    <gyro name="gyro" site="torso"/>
  </sensor>

  <actuator>
    <!-- Controls are the angles, rad, that weak servos aim for. -->
    <position name="tail" joint="tail1" kp="5e-4"/>
    <position name="tail_twist" joint="tail_twist" kp="1e-4"/>
    <position name="fins_flap" tendon="fins_flap" kp="3e-4"/>
    <position name="finleft_pitch" joint="finleft_pitch" kp="1e-4"/>
    <position name="finright_pitch" joint="finright_pitch" kp="1e-4"/>
  </actuator>
</mujoco>
`
