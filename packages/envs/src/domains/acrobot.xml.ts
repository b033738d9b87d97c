/**
 * Two links of 1 kg and 1 m hanging from a shoulder 2 m above the floor, driven at the elbow alone. Joint angles are 0
 * with both links upright; the tip is then in the target.
 */
export const acrobotXml = `
<mujoco model="acrobot">
  <size memory="1M"/>
  <option timestep="0.01" integrator="RK4">
    <flag constraint="disable" energy="enable"/>
  </option>

  <default>
    <joint type="hinge" axis="0 1 0" damping="0.05"/>
    <geom type="capsule" mass="1"/>
  </default>

  <worldbody>
    <light pos="0 0 6"/>
    <camera name="fixed" pos="0 -6 2" xyaxes="1 0 0 0 0 1"/>
    <camera name="lookat" mode="targetbodycom" target="upper_arm" pos="0 -3 3"/>
    <geom name="floor" type="plane" size="3 3 0.2"/>
    <site name="target" pos="0 0 4" size="0.2" group="3"/>

    <body name="upper_arm" pos="0 0 2">
      <joint name="shoulder"/>
      <geom name="upper_arm_decoration" type="cylinder" fromto="0 -0.06 0 0 0.06 0" size="0.051" mass="0"/>
      <geom name="upper_arm" fromto="0 0 0 0 0 1" size="0.05"/>
      <body name="lower_arm" pos="0 0 1">
        <joint name="elbow"/>
        <geom name="lower_arm" fromto="0 0 0 0 0 1" size="0.049"/>
        <site name="tip" pos="0 0 1" size="0.01"/>
      </body>
    </body>
  </worldbody>

  <actuator>
    <!-- ±1 of control is ±2 N·m: too little to lift the links without swinging. -->
    <motor name="elbow" joint="elbow" gear="2" ctrllimited="true" ctrlrange="-1 1"/>
  </actuator>
</mujoco>
`
