import { createPhysics, listTasks, makeEnv, type Physics } from '@revflow/envs'
import { describe, expect, test } from 'vitest'
import { readCamera, readScene, render, type Shape } from '../src/index.ts'
import { dot, length, subtract, type Vec3 } from '../src/vector.ts'
import { perspectiveView } from '../src/view.ts'

const model = `
<mujoco>
  <statistic center="0 0 1" extent="4"/>
  <asset>
    <material name="gold" rgba="0.9 0.7 0.1 1"/>
    <hfield name="hills" nrow="3" ncol="4" size="2 1 0.5 0.1" elevation="0 0 0 0  0 1 1 0  0 0 0 0"/>
    <mesh name="wedge" vertex="0 0 0  1 0 0  0 2 0  0 0 3"/>
  </asset>
  <worldbody>
    <camera name="front" pos="0 -3 1" xyaxes="1 0 0 0 0 1" fovy="50"/>
    <geom name="floor" type="plane" size="5 5 0.1"/>
    <geom name="wall" type="plane" size="5 5 0.1" zaxis="1 0 0"/>
    <geom name="hills" type="hfield" hfield="hills" pos="0 9 0"/>
    <geom name="goal" type="sphere" size="0.1"/>
    <geom name="unseen" type="box" size="0.1 0.1 0.1" group="3"/>
    <site name="target" group="4" type="box" size="0.1 0.2 0.3" pos="1 1 1"/>
    <site name="sensor" size="0.1"/>
    <site name="anchor" pos="0 0 2"/>
    <body name="a" pos="0 0 1" euler="0 90 0">
      <freejoint/>
      <camera name="chase" mode="trackcom" pos="0 -2 0" xyaxes="1 0 0 0 0 1"/>
      <geom name="a" type="capsule" size="0.1 0.3"/>
      <geom name="given" type="box" size="0.1 0.1 0.1" rgba="0 0 1 1"/>
      <site name="end" pos="0.1 0 0"/>
      <body name="b">
        <joint/>
        <geom name="b" type="ellipsoid" size="0.1 0.2 0.3"/>
        <geom name="golden" type="cylinder" size="0.1 0.2" material="gold"/>
        <geom name="wedge" type="mesh" mesh="wedge"/>
      </body>
    </body>
  </worldbody>
  <tendon>
    <spatial name="string" width="0.02"><site site="anchor"/><site site="end"/></spatial>
  </tendon>
</mujoco>`

/** Runs with the model in a state of its own. */
async function withModel<T>(run: (physics: Physics) => T): Promise<T> {
  const physics = await createPhysics(model)
  try {
    physics.dataView('qpos')()[1] = 0.5
    physics.forward()
    return run(physics)
  } finally {
    physics.close()
  }
}

describe('readScene', () => {
  test('gives every shown geom its kind, size and place', async () => {
    const scene = await withModel(readScene)
    const kinds = scene.map(({ kind }) => kind)
    // Geoms but `unseen`, the mesh as a box; the target; the string.
    expect(kinds).toEqual(
      ['plane', 'plane', 'hfield', 'sphere', 'capsule', 'box', 'ellipsoid', 'cylinder', 'box', 'box', 'capsule'], // biome-ignore format: one list
    )
    const [floor, wall, hills, , capsule, , , , wedge, target, string] = scene as [Shape, ...Shape[]]
    expect(capsule).toMatchObject({ size: [0.1, 0.3, 0], position: [0, 0.5, 1] })
    expect(capsule!.rotation.map((value) => Math.round(value))).toEqual([0, 0, 1, 0, 1, 0, -1, 0, 0])
    expect(hills).toMatchObject({ size: [2, 1, 0.5], heights: { rows: 3, columns: 4 } })
    expect([...(hills!.heights!.data as Float32Array)]).toEqual([0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0])
    expect(wedge!.size.map((side) => Math.round(2 * side)).sort()).toEqual([1, 2, 3])
    expect(target).toMatchObject({ size: [0.1, 0.2, 0.3], position: [1, 1, 1] })
    // From (0, 0, 2) to the end of a: 0.1 along its x axis, which points down.
    const along: Vec3 = [string!.rotation[2], string!.rotation[5], string!.rotation[8]]
    expect(2 * string!.size[1]).toBeCloseTo(Math.hypot(0.5, 1.1), 9)
    expect(string!.size[0]).toBe(0.02)
    expect(length(subtract(string!.position, [0, 0.25, 1.45]))).toBeLessThan(1e-9)
    expect(Math.abs(dot(along, [0, 0.5, -1.1])) / Math.hypot(0.5, 1.1)).toBeCloseTo(1, 9)
    // The first camera sees some 3 m.
    expect([floor!.checker, wall!.checker]).toEqual([0.5, undefined])
  })

  test('keeps given colours, tells bodies apart, and keeps red and transparency for targets', async () => {
    const scene = await withModel(readScene)
    const [, , , goal, a, given, b, golden, , target] = scene.map(({ colour }) => colour)
    expect(given).toEqual([0, 0, 1, 1])
    expect(golden!.map((value) => Number(value.toFixed(3)))).toEqual([0.9, 0.7, 0.1, 1])
    expect(goal).toEqual(target)
    expect(goal![3]).toBeLessThan(1)
    expect(new Set([a, b, goal].map((colour) => `${colour}`)).size).toBe(3)
  })
})

describe('readCamera', () => {
  test('follows the model’s cameras, and looks at the centre without one', async () => {
    await withModel((physics) => {
      expect(readCamera(physics)).toMatchObject({ position: [0, -3, 1], fovy: 50 })
      expect(readCamera(physics).rotation.map(Math.round)).toEqual([1, 0, 0, 0, 0, -1, 0, 1, 0])
      expect(readCamera(physics, 'front')).toEqual(readCamera(physics, 0))
      // It keeps its place relative to the body’s centre, which moved by 0.5 along y.
      const chase = readCamera(physics, 'chase').position
      physics.dataView('qpos')()[1] = 3.5
      physics.forward()
      expect(subtract(readCamera(physics, 'chase').position, chase)[1]).toBeCloseTo(3, 9)
      const view = perspectiveView(readCamera(physics, 'free'), 100, 100)
      const [x, y, depth] = view.project([0, 0, 1])
      expect([x, y, depth].map((value) => Number(value.toFixed(6)))).toEqual([49.5, 49.5, 6])
      const [, above] = view.project([0, 0, 2])
      expect(above).toBeLessThan(y)
      expect(readCamera(physics, 'free').position[1]).toBeLessThan(0)
    })
  })

  test('names the nearest of what it does not know', async () => {
    await withModel((physics) => {
      expect(() => readCamera(physics, 'fornt')).toThrowErrorMatchingInlineSnapshot(
        `[RevflowError: camera: expected one of 0, 1, free, front, chase, received 'fornt'; did you mean 'front'?]`,
      )
      expect(() => readCamera(physics, 7)).toThrowErrorMatchingInlineSnapshot(
        `[RevflowError: camera: expected one of 0, 1, free, front, chase, received '7'; did you mean '0'?]`,
      )
      expect(() => render(physics, { widht: 3 } as object)).toThrowErrorMatchingInlineSnapshot(
        `[RevflowError: render.widht: expected one of width, height, camera, samples, received 'widht'; did you mean 'width'?]`,
      )
    })
  })
})

test.each(listTasks().map(({ name }) => name))('the first camera of %s frames its bodies', async (task) => {
  const env = await makeEnv(task, { seed: 1 })
  env.reset()
  for (let step = 0; step < 10; step++) env.step(env.actionSpace.names.map((_, i) => Math.sin(step + i)))
  const view = perspectiveView(readCamera(env.physics), 320, 240)
  const { geom_bodyid: bodies, body_weldid: roots } = env.physics.model as unknown as Record<string, Int32Array>
  const moving = [...bodies!.keys()].filter((id) => roots![bodies![id]!] !== 0)
  const places = env.physics.dataView('geom_xpos')()
  const framed = moving.filter((id) => {
    const [x, y, depth] = view.project([places[3 * id]!, places[3 * id + 1]!, places[3 * id + 2]!])
    return depth > 0 && x > 0 && x < 320 && y > 0 && y < 240
  })
  expect(framed.length).toBeGreaterThan(0.8 * moving.length)
  env.close()
})

test('a state is drawn the same each time, another one otherwise, and drawing changes nothing', async () => {
  const env = await makeEnv('cheetah-run', { seed: 1 })
  env.reset()
  const state = env.getState()
  const pixels = () => Buffer.from(render(env.physics, { width: 96, height: 72 }).data).toString('base64')
  const before = pixels()
  expect(env.getState()).toEqual(state)
  expect(pixels()).toBe(before)
  for (let step = 0; step < 5; step++) env.step(env.actionSpace.high)
  expect(pixels()).not.toBe(before)
  env.close()
})
