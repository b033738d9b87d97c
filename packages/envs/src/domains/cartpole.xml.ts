/**
 * A cart of 1 kg on a rail of ±1.8 m, with a pole of 0.1 kg and 1 m standing on it.
 * The joint angle is 0 with the pole upright.
 */
export const cartpoleXml = `
<mujoco model="cart-pole">
  <size memory="1M"/>
  <option timestep="0.01" integrator="RK4">
    <flag contact="disable" energy="enable"/>
  </option>

  <worldbody>
    <light pos="0 0 6"/>
    <camera name="fixed" pos="0 -4 1" xyaxes="1 0 0 0 0 1"/>
    <camera name="lookatcart" mode="targetbody" target="cart" pos="0 -2 2"/>
    <geom name="floor" type="plane" pos="0 0 -0.05" size="4 4 0.2"/>
    <!-- Two rails along x, one on either side of the cart. -->
    <geom name="rail1" type="capsule" pos="0 0.07 1" zaxis="1 0 0" size="0.02 2"/>
    <geom name="rail2" type="capsule" pos="0 -0.07 1" zaxis="1 0 0" size="0.02 2"/>

    <body name="cart" pos="0 0 1">
      <!-- A limit four times as soft as the default: the cart is caught, not struck. -->
      <joint name="slider" type="slide" axis="1 0 0" limited="true" range="-1.8 1.8" solreflimit="0.08 1" damping="5e-4"/>
      <geom name="cart" type="box" size="0.2 0.15 0.1" mass="1"/>
      <body name="pole_1">
        <joint name="hinge_1" type="hinge" axis="0 1 0" damping="2e-6"/>
        <geom name="pole_1" type="capsule" fromto="0 0 0 0 0 1" size="0.045" mass="0.1"/>
      </body>
    </body>
  </worldbody>

  <actuator>
    <!-- ±1 of control is ±10 N. -->
    <motor name="slide" joint="slider" gear="10" ctrllimited="true" ctrlrange="-1 1"/>
  </actuator>
</mujoco>
`
