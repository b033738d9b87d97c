/**
 * A planar finger of two links beside a free body on a hinge, the spinner, which its tip can push. Gravity is off.
 * A task's reset writes the damping of `hinge`, and position and size of the site `target`.
 */
export const fingerXml = `
<mujoco model="finger">
  <size memory="1M"/>
  <option timestep="0.01" cone="elliptic" iterations="200">
    <flag gravity="disable"/>
  </option>

  <default>
    <geom type="capsule" solimp="0 0.9 0.01"/>
    <joint type="hinge" axis="0 -1 0"/>
    <motor ctrllimited="true" ctrlrange="-1 1"/>
    <default class="finger">
      <joint damping="2.5" limited="true" range="-110 110"/>
    </default>
    <!-- Where a contact counts as one with the upper or lower side of the fingertip. -->
    <default class="touch">
      <site type="ellipsoid" size="0.025 0.03 0.025" group="3"/>
    </default>
  </default>

  <worldbody>
    <light directional="true" pos="-1 -1 2" dir="1 1 -2"/>
    <camera name="cam0" pos="0 -1 0.8" xyaxes="1 0 0 0 1 2"/>
    <camera name="cam1" pos="0 -1 0.4" xyaxes="1 0 0 0 0 1"/>
    <geom name="ground" type="plane" size="0.6 0.2 10"/>
    <site name="target" pos="0 0 0.4" size="0.03"/>

    <body name="proximal" pos="-0.2 0 0.4">
      <!-- The angle is 0 with the link level, pointing at the spinner. -->
      <joint name="proximal" class="finger" ref="-90"/>
      <geom name="proximal_decoration" type="cylinder" fromto="0 -0.033 0 0 0.033 0" size="0.034"/>
      <geom name="proximal" fromto="0 0 0 0 0 -0.17" size="0.03"/>
      <body name="distal" pos="0 0 -0.18">
        <joint name="distal" class="finger"/>
        <geom name="distal" fromto="0 0 0 0 0 -0.16" size="0.028" contype="0" conaffinity="0"/>
        <geom name="fingertip" fromto="0 0 -0.13 0 0 -0.161" size="0.03"/>
        <site name="touchtop" class="touch" pos="0.01 0 -0.17"/>
        <site name="touchbottom" class="touch" pos="-0.01 0 -0.17"/>
      </body>
    </body>

    <body name="spinner" pos="0.2 0 0.4">
      <joint name="hinge" frictionloss="0.1" damping="0.5"/>
      <geom name="cap1" pos="0.02 0 0" size="0.04 0.09"/>
      <geom name="cap2" pos="-0.02 0 0" size="0.04 0.09"/>
      <geom name="spinner_decoration" type="cylinder" fromto="0 -0.045 0 0 0.045 0" size="0.02"/>
      <site name="tip" pos="0 0 0.13" size="0.02"/>
    </body>
  </worldbody>

  <sensor>
    <jointpos name="proximal" joint="proximal"/>
    <jointpos name="distal" joint="distal"/>
    <jointvel name="proximal_velocity" joint="proximal"/>
    <jointvel name="distal_velocity" joint="distal"/>
    <jointvel name="hinge_velocity" joint="hinge"/>
    <framepos name="tip" objtype="site" objname="tip"/>
    <framepos name="target" objtype="site" objname="target"/>
    <framepos name="spinner" objtype="xbody" objname="spinner"/>
    <touch name="touchtop" site="touchtop"/>
    <touch name="touchbottom" site="touchbottom"/>
    <framepos name="touchtop_pos" objtype="site" objname="touchtop"/>
    <framepos name="touchbottom_pos" objtype="site" objname="touchbottom"/>
  </sensor>

  <actuator>
    <motor name="proximal" joint="proximal" gear="30"/>
    <motor name="distal" joint="distal" gear="15"/>
  </actuator>
</mujoco>
`
