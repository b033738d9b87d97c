/**
 * A ball of 0.3 kg on two slides in a square arena. Each actuator pulls along a tendon, whose two coefficients are the
 * direction of the force in the plane; they are written at a reset of the task `hard`.
 */
export const pointMassXml = `
<mujoco model="planar point mass">
  <size memory="1M"/>
  <option timestep="0.02">
    <flag contact="disable"/>
  </option>

  <default>
    <joint type="slide" limited="true" range="-0.29 0.29" damping="1"/>
    <motor gear="0.1" ctrllimited="true" ctrlrange="-1 1"/>
  </default>

  <worldbody>
    <light pos="0 0 1"/>
    <camera name="fixed" pos="0 0 0.75"/>
    <!-- The walls are to be seen; what stops the ball are the slides' limits. -->
    <geom name="ground" type="plane" size="0.3 0.3 0.1"/>
    <geom name="wall_x" type="plane" pos="-0.3 0 0.02" zaxis="1 0 0" size="0.02 0.3 0.02"/>
    <geom name="wall_y" type="plane" pos="0 -0.3 0.02" zaxis="0 1 0" size="0.3 0.02 0.02"/>
    <geom name="wall_neg_x" type="plane" pos="0.3 0 0.02" zaxis="-1 0 0" size="0.02 0.3 0.02"/>
    <geom name="wall_neg_y" type="plane" pos="0 0.3 0.02" zaxis="0 -1 0" size="0.3 0.02 0.02"/>
    <geom name="target" type="sphere" pos="0 0 0.01" size="0.015"/>

    <body name="pointmass" pos="0 0 0.01">
      <camera name="cam0" pos="0 -0.3 0.3" xyaxes="1 0 0 0 0.7 0.7"/>
      <joint name="root_x" axis="1 0 0"/>
      <joint name="root_y" axis="0 1 0"/>
      <geom name="pointmass" type="sphere" size="0.01" mass="0.3"/>
    </body>
  </worldbody>

  <tendon>
    <fixed name="t1">
      <joint joint="root_x" coef="1"/>
      <joint joint="root_y" coef="0"/>
    </fixed>
    <fixed name="t2">
      <joint joint="root_x" coef="0"/>
      <joint joint="root_y" coef="1"/>
    </fixed>
  </tendon>

  <actuator>
    <!-- ±1 of control is ±0.1 N. -->
    <motor name="t1" tendon="t1"/>
    <motor name="t2" tendon="t2"/>
  </actuator>
</mujoco>
`
