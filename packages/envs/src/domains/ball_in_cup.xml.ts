/** Corners of the cup's profile in the x–z plane, m, from the left rim to the right one. */
const profile = [
  [-0.05, 0],
  [-0.05, -0.075],
  [-0.025, -0.1],
  [0.025, -0.1],
  [0.05, -0.075],
  [0.05, 0],
] as const

const cupParts = profile.slice(1).map(([x, z], i) => {
  const [x0, z0] = profile[i]!
  return `<geom name="cup_part_${i}" type="capsule" fromto="${x0} 0 ${z0} ${x} 0 ${z}" size="0.008"/>`
})

/** A cup on springs in the x–z plane, and a ball on a string of 0.3 m tied to the cup's underside. */
export const ballInCupXml = `
<mujoco model="ball in cup">
  <size memory="1M"/>
  <option timestep="0.002"/>

  <worldbody>
    <light pos="0 0 2"/>
    <camera name="cam0" pos="0 -1 0.4" xyaxes="1 0 0 0 0 1"/>
    <camera name="cam1" pos="0 -1 0.4" xyaxes="1 0 0 0 0 1"/>
    <geom name="ground" type="plane" size="0.6 0.2 10"/>

    <body name="cup" pos="0 0 0.6">
      <joint name="cup_x" type="slide" axis="1 0 0" damping="3" stiffness="20"/>
      <joint name="cup_z" type="slide" axis="0 0 1" damping="3" stiffness="20"/>
      ${cupParts.join('\n      ')}
      <site name="cup" pos="0 0 -0.108"/>
      <!-- Inside of the cup. -->
      <site name="target" type="box" pos="0 0 -0.05" size="0.05 0.006 0.05" group="4"/>
    </body>

    <body name="ball" pos="0 0 0.2">
      <joint name="ball_x" type="slide" axis="1 0 0"/>
      <joint name="ball_z" type="slide" axis="0 0 1"/>
      <geom name="ball" type="sphere" size="0.025"/>
      <site name="ball"/>
    </body>
  </worldbody>

  <tendon>
    <!-- Slack up to its length, then taut. -->
    <spatial name="string" limited="true" range="0 0.3">
      <site site="ball"/>
      <site site="cup"/>
    </spatial>
  </tendon>

  <actuator>
    <!-- ±1 of control is ±5 N. -->
    <motor name="x" joint="cup_x" gear="5" ctrllimited="true" ctrlrange="-1 1"/>
    <motor name="z" joint="cup_z" gear="5" ctrllimited="true" ctrlrange="-1 1"/>
  </actuator>
</mujoco>
`
