import type { Mujoco } from '../mujoco.ts'

/** What only the model's source says: MuJoCo's bindings give no view of flags, and compilation loses the rest. */
export interface SourceValues {
  readonly compiler: Readonly<Record<string, unknown>>
  /** Numbers of an object's field; undefined where the source need not be asked. */
  object(section: string, key: string, id: number): number[] | undefined
  /** Frees the source. */
  close(): void
}

type Element = Readonly<Record<string, unknown>>

/** Enumerations come as objects with a value. */
const plain = (value: unknown): unknown =>
  typeof value === 'object' && value && 'value' in value ? value.value : value

/** A flag given in the source, or else deduced from its range being non-empty. */
const limit = (flag: string, range: string) => (element: Element) => {
  const given = Number(plain(element[flag]))
  const [low, high] = element[range] as Float64Array
  return [given === 2 ? Number(low! < high!) : given]
}
const one = (key: string) => (element: Element) => [Number(plain(element[key]))]
const many = (key: string) => (element: Element) => Array.from(element[key] as Float64Array)

const readers: Readonly<Record<string, Readonly<Record<string, (element: Element) => number[]>>>> = {
  joints: {
    limited: limit('limited', 'range'),
    actfrclimited: limit('actfrclimited', 'actfrcrange'),
    actgravcomp: one('actgravcomp'),
  },
  geoms: {
    spec_density: one('density'),
    spec_mass: one('mass'),
    spec_typeinertia: one('typeinertia'),
    spec_fromto: many('fromto'),
    fluid_ellipsoid: one('fluid_ellipsoid'),
    fluid_coefs: many('fluid_coefs'),
  },
  actuators: {
    ctrllimited: limit('ctrllimited', 'ctrlrange'),
    forcelimited: limit('forcelimited', 'forcerange'),
    actlimited: limit('actlimited', 'actrange'),
    actearly: one('actearly'),
  },
  tendons: { limited: limit('limited', 'range'), actfrclimited: limit('actfrclimited', 'actfrcrange') },
  equalities: { active0: one('active') },
}

function readElements(
  mujoco: Mujoco,
  spec: ReturnType<Mujoco['parseXMLString']>,
): Record<string, Map<number, Element>> {
  const { mjtObj } = mujoco
  const kinds = {
    joints: { type: mjtObj.mjOBJ_JOINT, as: mujoco.mjs_asJoint },
    geoms: { type: mjtObj.mjOBJ_GEOM, as: mujoco.mjs_asGeom },
    actuators: { type: mjtObj.mjOBJ_ACTUATOR, as: mujoco.mjs_asActuator },
    tendons: { type: mjtObj.mjOBJ_TENDON, as: mujoco.mjs_asTendon },
    equalities: { type: mjtObj.mjOBJ_EQUALITY, as: mujoco.mjs_asEquality },
  }
  return Object.fromEntries(
    Object.entries(kinds).map(([section, { type, as }]) => {
      const byId = new Map<number, Element>()
      let element = mujoco.mjs_firstElement(spec, type)
      while (element) {
        byId.set(mujoco.mjs_getId(element), as(element) as unknown as Element)
        element = mujoco.mjs_nextElement(spec, element)
      }
      return [section, byId]
    }),
  )
}

/** Parses MJCF and compiles it once, which gives its elements their ids. */
export function readSource(mujoco: Mujoco, xml: string): SourceValues {
  const spec = mujoco.parseXMLString(xml)
  mujoco.mj_compile(spec).delete()
  const elements = readElements(mujoco, spec)
  const { compiler } = spec
  return {
    compiler: {
      autolimits: compiler.autolimits,
      inertiafromgeom: plain(compiler.inertiafromgeom),
      inertiagrouprange: compiler.inertiagrouprange,
      settotalmass: compiler.settotalmass,
      boundmass: compiler.boundmass,
      boundinertia: compiler.boundinertia,
      balanceinertia: compiler.balanceinertia,
      fusestatic: compiler.fusestatic,
    },
    object(section, key, id) {
      const read = readers[section]?.[key]
      const element = elements[section]?.get(id)
      return read && element && read(element)
    },
    close: () => spec.delete(),
  }
}
