/** A pole on the pole or cart below it, and all that stand on it. */
function pole(i: number, poles: number): string {
  if (i > poles) return ''
  return `
      <body name="pole_${i}" pos="0 0 ${i === 1 ? 0 : 1}">
        <joint name="hinge_${i}" type="hinge" axis="0 1 0" damping="2e-6"/>
        <geom name="pole_${i}" type="capsule" fromto="0 0 0 0 0 1" size="0.045" mass="0.1"/>
        ${pole(i + 1, poles)}
      </body>`
}

/**
 * A cart of 1 kg on a rail of ±1.8 m, with poles of 0.1 kg and 1 m standing on it, one on the other.
 * The joint angles are 0 with the poles upright.
 * @param poles at least 1
 */
export const cartpoleXml = (poles: number) => `
<mujoco model="cart-pole">
  <size memory="1M"/>
  <option timestep="0.01" integrator="RK4">
    <flag contact="disable" energy="enable"/>
  </option>

  <worldbody>
    <light pos="0 0 6"/>
    <camera name="fixed" pos="0 -4 1" xyaxes="1 0 0 0 0 1"/>
    <camera name="lookatcart" mode="targetbody" target="cart" pos="0 -2 2"/>
    <!-- Just out of the poles' reach. -->
    <geom name="floor" type="plane" pos="0 0 ${0.95 - poles}" size="4 4 0.2"/>
    <!-- Two rails along x, one on either side of the cart. -->
    <geom name="rail1" type="capsule" pos="0 0.07 1" zaxis="1 0 0" size="0.02 2"/>
    <geom name="rail2" type="capsule" pos="0 -0.07 1" zaxis="1 0 0" size="0.02 2"/>

    <body name="cart" pos="0 0 1">
      <!-- A limit four times as soft as the default: the cart is caught, not struck. -->
      <joint name="slider" type="slide" axis="1 0 0" limited="true" range="-1.8 1.8" solreflimit="0.08 1" damping="5e-4"/>
      <geom name="cart" type="box" size="0.2 0.15 0.1" mass="1"/>
      ${pole(1, poles)}
    </body>
  </worldbody>

  <actuator>
    <!-- ±1 of control is ±10 N. -->
    <motor name="slide" joint="slider" gear="10" ctrllimited="true" ctrlrange="-1 1"/>
  </actuator>
</mujoco>
`
