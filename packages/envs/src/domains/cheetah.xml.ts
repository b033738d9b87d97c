/**
 * A planar cheetah of 14 kg: a torso free in x, z and pitch, a back (b…) and a front (f…) leg of thigh, shin and foot.
 * Masses follow from the capsules' volumes, scaled to the total.
 */
export const cheetahXml = `
<mujoco model="cheetah">
  <!-- Arena for contacts and constraints: plenty here, a fifteenth of the default. -->
  <size memory="1M"/>
  <compiler settotalmass="14"/>
  <option timestep="0.01"/>
  <statistic center="0 0 0.7" extent="2"/>

  <default>
    <geom type="capsule" condim="3" friction="0.4 0.1 0.1"/>
    <!-- Every leg joint is a damped spring at 0; its actuator's gear is half the stiffness. -->
    <joint type="hinge" axis="0 1 0" limited="true" armature="0.1"/>
    <motor ctrllimited="true" ctrlrange="-1 1"/>
    <default class="free">
      <joint limited="false" damping="0" armature="0" stiffness="0"/>
    </default>
  </default>

  <worldbody>
    <geom name="ground" type="plane" pos="98 0 0" size="100 0.8 0.5" friction="1 0.005 0.0001"/>

    <body name="torso" pos="0 0 0.7">
      <light mode="trackcom" pos="0 0 2"/>
      <camera name="side" mode="trackcom" pos="0 -3 0" xyaxes="1 0 0 0 0 1"/>
      <camera name="back" mode="trackcom" pos="-2 -1.4 0.8" xyaxes="0.6 -0.8 0 0.2 0.15 1"/>
      <joint name="rootx" class="free" type="slide" axis="1 0 0"/>
      <joint name="rootz" class="free" type="slide" axis="0 0 1"/>
      <joint name="rooty" class="free"/>
      <geom name="torso" fromto="-0.5 0 0 0.5 0 0" size="0.046"/>
      <geom name="head" pos="0.6 0 0.1" euler="0 50 0" size="0.046 0.15"/>

      <body name="bthigh" pos="-0.5 0 0">
        <joint name="bthigh" range="-30 60" stiffness="240" damping="6"/>
        <geom name="bthigh" pos="0.1 0 -0.13" euler="0 -218 0" size="0.046 0.145"/>
        <body name="bshin" pos="0.16 0 -0.25">
          <joint name="bshin" range="-50 50" stiffness="180" damping="4.5"/>
          <geom name="bshin" pos="-0.14 0 -0.07" euler="0 -116 0" size="0.046 0.15"/>
          <body name="bfoot" pos="-0.28 0 -0.14">
            <joint name="bfoot" range="-230 50" stiffness="120" damping="3"/>
            <geom name="bfoot" pos="0.03 0 -0.097" euler="0 -15 0" size="0.046 0.094"/>
          </body>
        </body>
      </body>

      <body name="fthigh" pos="0.5 0 0">
        <joint name="fthigh" range="-57 0.4" stiffness="180" damping="4.5"/>
        <geom name="fthigh" pos="-0.07 0 -0.12" euler="0 30 0" size="0.046 0.133"/>
        <body name="fshin" pos="-0.14 0 -0.24">
          <joint name="fshin" range="-70 50" stiffness="120" damping="3"/>
          <geom name="fshin" pos="0.065 0 -0.09" euler="0 -34 0" size="0.046 0.106"/>
          <body name="ffoot" pos="0.13 0 -0.18">
            <joint name="ffoot" range="-28 28" stiffness="60" damping="1.5"/>
            <geom name="ffoot" pos="0.045 0 -0.07" euler="0 -34 0" size="0.046 0.07"/>
          </body>
        </body>
      </body>
    </body>
  </worldbody>

  <sensor>
    <!-- Velocity of the whole body's centre of mass, m/s. -->
    <subtreelinvel name="torso_subtreelinvel" body="torso"/>
  </sensor>

  <actuator>
    <motor name="bthigh" joint="bthigh" gear="120"/>
    <motor name="bshin" joint="bshin" gear="90"/>
    <motor name="bfoot" joint="bfoot" gear="60"/>
    <motor name="fthigh" joint="fthigh" gear="90"/>
    <motor name="fshin" joint="fshin" gear="60"/>
    <motor name="ffoot" joint="ffoot" gear="30"/>
  </actuator>
</mujoco>
`
