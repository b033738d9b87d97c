/** One leg; its mirror image differs in its name and in y alone. */
const leg = (side: string, y: number) => `
      <body name="${side}_thigh" pos="0 ${y} -0.3">
        <joint name="${side}_hip" range="-20 100"/>
        <geom name="${side}_thigh" pos="0 0 -0.225" size="0.05 0.225"/>
        <body name="${side}_leg" pos="0 0 -0.7">
          <joint name="${side}_knee" pos="0 0 0.25" range="-150 0"/>
          <geom name="${side}_leg" size="0.04 0.25"/>
          <body name="${side}_foot" pos="0.06 0 -0.25">
            <joint name="${side}_ankle" pos="-0.06 0 0" range="-45 45"/>
            <geom name="${side}_foot" zaxis="1 0 0" size="0.05 0.1"/>
          </body>
        </body>
      </body>`

const motors = (side: string) => `
    <motor name="${side}_hip" joint="${side}_hip" gear="100"/>
    <motor name="${side}_knee" joint="${side}_knee" gear="50"/>
    <motor name="${side}_ankle" joint="${side}_ankle" gear="20"/>`

/**
 * A planar biped of 28.5 kg: a torso free in x, z and pitch on two legs of thigh, leg and foot. Its parts touch the
 * ground, not each other. Masses follow from the capsules' volumes.
 */
export const walkerXml = `
<mujoco model="planar walker">
  <size memory="1M"/>
  <option timestep="0.0025"/>
  <statistic extent="2" center="0 0 1"/>

  <default>
    <joint type="hinge" axis="0 -1 0" limited="true" damping="0.1" armature="0.01" solimplimit="0 0.99 0.01"/>
    <geom type="capsule" conaffinity="0" friction="0.7 0.1 0.1"/>
    <motor ctrllimited="true" ctrlrange="-1 1"/>
    <default class="free">
      <joint limited="false" damping="0" armature="0"/>
    </default>
  </default>

  <worldbody>
    <geom name="floor" type="plane" conaffinity="1" pos="248 0 0" size="250 0.8 0.2"/>

    <body name="torso" pos="0 0 1.3">
      <light mode="trackcom" pos="0 0 2"/>
      <camera name="side" mode="trackcom" pos="0 -3 0.5" xyaxes="1 0 0 0 0.3 1"/>
      <camera name="back" mode="trackcom" pos="-2 0 0.5" xyaxes="0 -1 0 0.4 0 1"/>
      <joint name="rootz" class="free" type="slide" axis="0 0 1"/>
      <joint name="rootx" class="free" type="slide" axis="1 0 0"/>
      <joint name="rooty" class="free" axis="0 1 0"/>
      <geom name="torso" size="0.07 0.3"/>
${leg('right', -0.05)}
${leg('left', 0.05)}
    </body>
  </worldbody>

  <sensor>
    <!-- Velocity of the whole body's centre of mass, m/s. -->
    <subtreelinvel name="torso_subtreelinvel" body="torso"/>
  </sensor>

  <actuator>
${motors('right')}
${motors('left')}
  </actuator>
</mujoco>
`
