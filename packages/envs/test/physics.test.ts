import { describe, expect, test } from 'vitest'
import { createPhysics, findTask } from '../src/index.ts'

/** A pendulum that sees its angle as it was 30 ms ago, and its velocity every 30 ms. */
const delayed = `
<mujoco>
  <option timestep="0.01"/>
  <worldbody>
    <body>
      <joint name="hinge" type="hinge" axis="0 1 0"/>
      <geom size="0.1" pos="1 0 0"/>
    </body>
  </worldbody>
  <sensor>
    <jointpos joint="hinge" delay="0.03" nsample="5"/>
    <jointvel joint="hinge" interval="0.03" nsample="2"/>
  </sensor>
</mujoco>
`
const models = {
  Euler: findTask('quadruped-walk').xml,
  'Runge-Kutta': findTask('quadruped-walk').xml.replace('timestep="0.005"', 'timestep="0.005" integrator="RK4"'),
  'delayed sensors': delayed,
}

describe.each(Object.entries(models))('%s', (_, xml) => {
  test('several steps at once are as good as one at a time, sensors included', async () => {
    const [one, many] = [await createPhysics(xml), await createPhysics(xml)]
    one.reset()
    many.reset()
    for (let round = 0; round < 30; round++) {
      for (let i = 0; i < 4; i++) one.advance(1)
      many.advance(4)
      expect(many.saveState()).toEqual(one.saveState())
    }
    expect(Math.hypot(...many.dataView('sensordata')())).toBeGreaterThan(0)
    one.close()
    many.close()
  })
})

test('contacts are counted as a whole evaluation finds them', async () => {
  const physics = await createPhysics(findTask('humanoid-walk').xml)
  physics.reset()
  const heights = [1.5, 1.3, 1, 0.5, 0.1]
  const counts = heights.map((height) => {
    physics.dataView('qpos')()[2] = height
    return physics.countContacts()
  })
  const expected = heights.map((height) => {
    physics.dataView('qpos')()[2] = height
    physics.forward()
    return physics.data.ncon
  })
  expect(counts).toEqual(expected)
  expect(counts).toContain(0)
  expect(Math.max(...counts)).toBeGreaterThan(5)
  physics.close()
})
