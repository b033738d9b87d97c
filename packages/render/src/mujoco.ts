import { lookUp } from '@revflow/core'
import { paletteColour, type Role } from './palette.ts'
import type { Colour, Scene, Shape } from './scene.ts'
import type { ShapeKind } from './solids.ts'
import { addScaled, frameAlong, length, type Mat3, normalise, rotate, subtract, type Vec3 } from './vector.ts'
import type { Camera } from './view.ts'

/** Raw mjModel and mjData of `@mujoco/mujoco`, as `env.physics` of `@revflow/envs` holds them. */
export interface MujocoState {
  readonly model: object
  readonly data: object
}

/** Kinds in the order of mjtGeom. Of a mesh or a distance field its bounding box is drawn. */
const kinds: readonly (ShapeKind | 'bounds')[] = [
  'plane',
  'hfield',
  'sphere',
  'capsule',
  'ellipsoid',
  'cylinder',
  'box',
  'bounds',
  'bounds',
]
/** MuJoCo's viewer shows groups 0 to 2 by default; models keep what is only felt, not seen, in higher ones. */
const shownGroups = 3
const isTarget = (name: string) => /target|goal/i.test(name)

/**
 * What there is to see of a state: geoms, spatial tendons, and sites that are coloured or called target or goal.
 * What has no colour of its own gets one by its body. Derived quantities must be up to date, as after `mj_forward`.
 */
export function readScene({ model, data }: MujocoState): Scene {
  const reader = createReader(model, data)
  return [...geoms(reader), ...sites(reader), ...tendons(reader)]
}

/** Names of the model's cameras, in order; a nameless one is called by its number. */
export function cameraNames({ model, data }: MujocoState): string[] {
  const { count, name } = createReader(model, data)
  return ids(count('ncam')).map((id) => name('cam', id) || `${id}`)
}

/**
 * A camera of the model, by name or number, in its present place; 'free' looks at the model's centre from MuJoCo's
 * default direction. Default: the first camera, else 'free'.
 * @throws RevflowError (`unknown-name`) naming the nearest
 */
export function readCamera(state: MujocoState, camera?: string | number): Camera {
  const { vec3, mat3, number, model } = createReader(state.model, state.data)
  const names = cameraNames(state)
  const byName = names.flatMap((name, id): [string, number][] => [
    [name, id],
    [`${id}`, id],
  ])
  const id = lookUp('camera', `${camera ?? names[0] ?? 'free'}`, Object.fromEntries([['free', -1], ...byName]))
  if (id < 0) return freeCamera(model as FreeView)
  return { position: vec3('cam_xpos', id), rotation: mat3('cam_xmat', id), fovy: number('cam_fovy', id) }
}

interface FreeView {
  readonly stat: { readonly center: ArrayLike<number>; readonly extent: number }
  readonly vis: { readonly global: { readonly fovy: number; readonly azimuth: number; readonly elevation: number } }
}

/** As far from the middle as MuJoCo's viewer starts. */
const freeDistance = (extent: number) => 1.5 * extent

function freeCamera({ stat, vis: { global } }: FreeView): Camera {
  const azimuth = (global.azimuth * Math.PI) / 180
  const elevation = (global.elevation * Math.PI) / 180
  const forward: Vec3 = [
    Math.cos(elevation) * Math.cos(azimuth),
    Math.cos(elevation) * Math.sin(azimuth),
    Math.sin(elevation),
  ]
  const centre: Vec3 = [stat.center[0]!, stat.center[1]!, stat.center[2]!]
  const back: Vec3 = [-forward[0], -forward[1], -forward[2]]
  return { position: addScaled(centre, back, freeDistance(stat.extent)), rotation: frameAlong(back), fovy: global.fovy }
}

type Reader = ReturnType<typeof createReader>

/** Typed access to the arrays, whose declared type is `any`. */
function createReader(model: object, data: object) {
  const array = (field: string) => (field in data ? data : model)[field as never] as ArrayLike<number>
  const slice = (field: string, start: number, size: number) =>
    Array.from({ length: size }, (_, i) => array(field)[start + i]!)
  return {
    model,
    array,
    slice,
    count: (field: string): number => model[field as never],
    number: (field: string, id: number): number => array(field)[id]!,
    vec3: (field: string, id: number) => slice(field, 3 * id, 3) as unknown as Vec3,
    mat3: (field: string, id: number) => slice(field, 9 * id, 9) as unknown as Mat3,
    colour: (field: string, id: number) => slice(field, 4 * id, 4) as unknown as Colour,
    name(kind: string, id: number): string {
      const bytes = array('names') as Int8Array
      const start = array(`name_${kind}adr`)[id]!
      return new TextDecoder().decode(bytes.slice(start, bytes.indexOf(0, start)))
    },
  }
}

const ids = (n: number) => Array.from({ length: n }, (_, id) => id)

/** The colour given to a geom, site or tendon, itself or by its material; undefined where that is MuJoCo's grey. */
function givenColour({ colour, number }: Reader, kind: string, id: number): Colour | undefined {
  const own = colour(`${kind}_rgba`, id)
  if (own.some((value, i) => value !== (i < 3 ? 0.5 : 1))) return own
  const material = number(`${kind}_matid`, id)
  return material < 0 ? undefined : colour('mat_rgba', material)
}

function geoms(reader: Reader): Shape[] {
  const { count, number, mat3, name } = reader
  const square = squareSize(reader)
  const shown = ids(count('ngeom')).filter((id) => number('geom_group', id) < shownGroups)
  return shown.map((id) => {
    const solid = geomSolid(reader, id)
    const rotation = mat3('geom_xmat', id)
    const body = number('geom_bodyid', id)
    const isFixed = number('body_weldid', body) === 0
    const isFloor = isFixed && (solid.kind === 'hfield' || (solid.kind === 'plane' && rotation[8] > 0.9))
    const still = isFloor ? 'floor' : solid.kind === 'plane' ? 'wall' : 'fixture'
    const role: Role = isFixed ? still : { body: body - 1 }
    const isAim = isTarget(name('geom', id)) || isTarget(name('body', body))
    const colour = givenColour(reader, 'geom', id) ?? paletteColour(isAim ? 'target' : role)
    return { ...solid, rotation, colour, ...(isFloor && { checker: square }) }
  })
}

/** Kind, size and place of a geom. */
function geomSolid({ number, vec3, mat3, slice, array }: Reader, id: number) {
  const kind = kinds[number('geom_type', id)]!
  const position = vec3('geom_xpos', id)
  if (kind === 'bounds') {
    const centre = rotate(mat3('geom_xmat', id), vec3('geom_aabb', 2 * id))
    return { kind: 'box' as const, size: vec3('geom_aabb', 2 * id + 1), position: addScaled(position, centre, 1) }
  }
  if (kind !== 'hfield') return { kind, size: vec3('geom_size', id), position }
  const field = number('geom_dataid', id)
  const [x, y, top] = slice('hfield_size', 4 * field, 3)
  const [rows, columns] = [number('hfield_nrow', field), number('hfield_ncol', field)]
  const start = number('hfield_adr', field)
  const data = (array('hfield_data') as Float32Array).subarray(start, start + rows * columns)
  return { kind, size: [x!, y!, top!] as const, position, heights: { rows, columns, data } }
}

/**
 * Side of a floor's squares, 1, 2 or 5 times a power of ten: some five of them fill the height of what the default camera
 * sees, in the model's reference pose, as far away as the middle of what it is fixed to.
 */
function squareSize({ count, vec3, number, model }: Reader): number {
  const { stat, vis } = model as FreeView
  const hasCamera = count('ncam') > 0
  const distance = hasCamera ? Math.max(length(vec3('cam_poscom0', 0)), stat.extent / 10) : freeDistance(stat.extent)
  const fovy = hasCamera ? number('cam_fovy', 0) : vis.global.fovy
  const wanted = (2 * distance * Math.tan((fovy * Math.PI) / 360)) / 5
  const power = 10 ** Math.floor(Math.log10(wanted))
  return power * (wanted < 2 * power ? 1 : wanted < 5 * power ? 2 : 5)
}

/** Sites mark places for tasks and sensors, mostly unseen; targets are shown whatever their group. */
function sites(reader: Reader): Shape[] {
  const { count, number, vec3, mat3, name } = reader
  return ids(count('nsite')).flatMap((id) => {
    const given = number('site_group', id) < shownGroups ? givenColour(reader, 'site', id) : undefined
    const colour = given ?? (isTarget(name('site', id)) ? paletteColour('target') : undefined)
    if (!colour) return []
    const kind = kinds[number('site_type', id)] as ShapeKind
    return [
      { kind, size: vec3('site_size', id), position: vec3('site_xpos', id), rotation: mat3('site_xmat', id), colour },
    ]
  })
}

/** The straight pieces of spatial tendons. */
function tendons(reader: Reader): Shape[] {
  const { count, number, vec3 } = reader
  return ids(count('ntendon')).flatMap((id) => {
    const [start, points] = [number('ten_wrapadr', id), number('ten_wrapnum', id)]
    const colour = givenColour(reader, 'tendon', id) ?? paletteColour('tendon')
    return ids(Math.max(0, points - 1)).flatMap((i): Shape[] => {
      const [from, to] = [vec3('wrap_xpos', start + i), vec3('wrap_xpos', start + i + 1)]
      const along = subtract(to, from)
      const distance = length(along)
      // −2 marks a pulley: the tendon goes on elsewhere.
      if (distance === 0 || number('wrap_obj', start + i + 1) === -2) return []
      const size: Vec3 = [number('tendon_width', id), distance / 2, 0]
      return [
        {
          kind: 'capsule',
          size,
          position: addScaled(from, along, 0.5),
          rotation: frameAlong(normalise(along)),
          colour,
        },
      ]
    })
  })
}
