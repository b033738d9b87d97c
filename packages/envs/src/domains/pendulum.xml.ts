/** A point-like mass of 1 kg on a massless rod of 0.5 m. The joint angle is 0 with the mass upright. */
export const pendulumXml = `
<mujoco model="pendulum">
  <size memory="1M"/>
  <option timestep="0.02">
    <flag contact="disable" energy="enable"/>
  </option>

  <worldbody>
    <light pos="0 0 2"/>
    <camera name="fixed" pos="0 -1.5 2" xyaxes="1 0 0 0 1 1"/>
    <camera name="lookat" mode="targetbodycom" target="pole" pos="0 -2 1"/>
    <geom name="floor" type="plane" size="2 2 0.2"/>

    <body name="pole" pos="0 0 0.6">
      <joint name="hinge" type="hinge" axis="0 1 0" damping="0.1"/>
      <geom name="base" type="cylinder" fromto="0 -0.03 0 0 0.03 0" size="0.021" mass="0"/>
      <geom name="pole" type="capsule" fromto="0 0 0 0 0 0.5" size="0.02" mass="0"/>
      <geom name="mass" type="sphere" pos="0 0 0.5" size="0.05" mass="1"/>
    </body>
  </worldbody>

  <actuator>
    <!-- ±1 of control is ±1 N·m: too little to lift the mass (4.9 N·m) without swinging. -->
    <motor name="torque" joint="hinge" gear="1" ctrllimited="true" ctrlrange="-1 1"/>
  </actuator>
</mujoco>
`
