/** A segment behind the one before it, and all that follow. */
function segment(i: number, joints: number): string {
  if (i === joints) return ''
  return `
      <body name="segment_${i}" pos="0 0.1 0">
        <joint name="joint_${i}" class="swimmer" range="${-360 / (joints + 1)} ${360 / (joints + 1)}"/>
        <geom name="visual_${i}" class="visual"/>
        <geom name="inertial_${i}" class="inertial"/>
        <site name="site_${i}"/>
        ${segment(i + 1, joints)}
      </body>`
}

/**
 * A chain of links in a plane of heavy fluid, each 0.1 m long and of 10 g: a head and a segment a joint. The joints'
 * limits keep the chain from closing to a ring. What weighs and drags is a thin plate a link (`inertial`); the other
 * shapes are to be seen. A task's reset writes the position of the geom `target`.
 * @param joints at least 1
 */
export const swimmerXml = (joints: number) => {
  const each = (line: (i: number) => string) => Array.from({ length: joints }, (_, i) => line(i)).join('\n    ')
  return `
<mujoco model="swimmer">
  <size memory="1M"/>
  <option timestep="0.002" density="3000">
    <flag contact="disable"/>
  </option>

  <default>
    <motor gear="5e-4" ctrllimited="true" ctrlrange="-1 1"/>
    <default class="swimmer">
      <joint type="hinge" pos="0 -0.05 0" axis="0 0 1" limited="true" armature="1e-6" solreflimit="0.05 1" solimplimit="0 0.8 0.1"/>
      <site size="0.01"/>
      <default class="inertial">
        <geom type="box" size="0.001 0.05 0.01" mass="0.01"/>
      </default>
      <default class="visual">
        <geom type="capsule" fromto="0 -0.05 0 0 0.05 0" size="0.01" mass="0"/>
      </default>
      <default class="free">
        <joint limited="false" armature="0" solreflimit="0.02 1" solimplimit="0.9 0.95 0.001"/>
      </default>
    </default>
  </default>

  <worldbody>
    <geom name="ground" type="plane" size="2 2 0.1"/>
    <geom name="target" type="sphere" pos="1 1 0.05" size="0.1"/>
    <light name="target_light" pos="1 1 1.5"/>

    <body name="head" pos="0 0 0.05" childclass="swimmer">
      <light mode="trackcom" pos="0 0 1"/>
      <camera name="tracking1" mode="trackcom" pos="0 -0.8 0.8" xyaxes="1 0 0 0 1 1"/>
      <camera name="tracking2" mode="trackcom" pos="0 0 2" xyaxes="1 0 0 0 1 0"/>
      <camera name="eyes" pos="0 -0.06 0.02" xyaxes="-1 0 0 0 0 1"/>
      <joint name="rootx" class="free" type="slide" axis="1 0 0"/>
      <joint name="rooty" class="free" type="slide" axis="0 1 0"/>
      <joint name="rootz" class="free"/>
      <geom name="head" type="ellipsoid" pos="0 -0.022 0" size="0.02 0.04 0.017" mass="0"/>
      <geom name="nose" type="sphere" pos="0 -0.06 0" size="0.004" mass="0"/>
      <geom name="eyes" type="capsule" fromto="-0.006 -0.054 0.005 0.006 -0.054 0.005" size="0.004" mass="0"/>
      <geom name="inertial" class="inertial"/>
      <geom name="visual" class="visual"/>
      <site name="head"/>
      ${segment(0, joints)}
    </body>
  </worldbody>

  <sensor>
    <framepos name="nose_pos" objtype="geom" objname="nose"/>
    <framepos name="target_pos" objtype="geom" objname="target"/>
    <framexaxis name="head_xaxis" objtype="xbody" objname="head"/>
    <frameyaxis name="head_yaxis" objtype="xbody" objname="head"/>
    <!-- Velocity (m/s) and angular velocity (rad/s) of each link, in its own frame. -->
    <velocimeter name="head_vel" site="head"/>
    <gyro name="head_gyro" site="head"/>
    ${each((i) => `<velocimeter name="velocimeter_${i}" site="site_${i}"/><gyro name="gyro_${i}" site="site_${i}"/>`)}
  </sensor>

  <actuator>
    <!-- ±1 of control is ±0.5 mN·m. -->
    ${each((i) => `<motor name="motor_${i}" joint="joint_${i}"/>`)}
  </actuator>
</mujoco>
`
}
