import { fieldOf, type MjModel, type Mujoco } from '../mujoco.ts'
import { type Comparer, type Comparison, createComparer } from './comparison.ts'
import type { ModelFacts } from './schemas.ts'
import { readSource, type SourceValues } from './source.ts'

const relative = 1e-6
/** Below this a number counts as zero: rotations leave remainders of 1e-17. */
const absolute = 1e-12

/** Sections of the facts, the size that counts their objects, and the prefix of their mjModel arrays. */
const sections = {
  bodies: { size: 'nbody', prefix: 'body_' },
  joints: { size: 'njnt', prefix: 'jnt_' },
  geoms: { size: 'ngeom', prefix: 'geom_' },
  sites: { size: 'nsite', prefix: 'site_' },
  actuators: { size: 'nu', prefix: 'actuator_' },
  sensors: { size: 'nsensor', prefix: 'sensor_' },
  tendons: { size: 'ntendon', prefix: 'tendon_' },
  equalities: { size: 'neq', prefix: 'eq_' },
  hfields: { size: 'nhfield', prefix: 'hfield_' },
} as const

type Facts = Readonly<Record<string, unknown>>
interface Context {
  readonly model: MjModel
  readonly source: SourceValues
  readonly comparer: Comparer
}

/** Numbers of a fact, row-major; undefined where it is a name or another record. NaN is recorded as null. */
function numbersOf(value: unknown): number[] | undefined {
  if (typeof value === 'number') return [value]
  if (typeof value === 'boolean') return [Number(value)]
  if (value === 'inf') return [Infinity]
  if (value === '-inf') return [-Infinity]
  if (!Array.isArray(value)) return undefined
  const parts = value.map((item) => (item === null ? [NaN] : numbersOf(item)))
  return parts.every((part) => part !== undefined) ? parts.flat() : undefined
}

/** Row `index` of an array of `count` rows. */
function row(values: ArrayLike<number>, index: number, count: number): number[] {
  const width = values.length / count
  return Array.from({ length: width }, (_, i) => values[index * width + i]!)
}

const degreesOfFreedom = [6, 3, 1, 1]
const coordinates = [7, 4, 1, 1]

/** A joint's slice of an array over degrees of freedom (`dof_*`) or coordinates (`qpos0`, `qpos_spring`). */
function jointSlice({ model }: Context, key: string, joint: number): number[] | undefined {
  const values = fieldOf(model, key)
  const type = (model.jnt_type as Int32Array)[joint]!
  if (!values) return undefined
  const isDof = key.startsWith('dof_')
  if (!isDof && !key.startsWith('qpos')) return undefined
  const start = (isDof ? (model.jnt_dofadr as Int32Array) : (model.jnt_qposadr as Int32Array))[joint]!
  const width = isDof ? values.length / model.nv : 1
  const count = (isDof ? degreesOfFreedom : coordinates)[type]!
  return Array.from(values.subarray(start * width, (start + count) * width))
}

/** What the compiled model, or else its source, has for a key of an object; undefined where neither knows it. */
function actualNumbers(
  context: Context,
  section: keyof typeof sections,
  key: string,
  id: number,
): number[] | undefined {
  const { model, source } = context
  const { size, prefix } = sections[section]
  const count = model[size]
  if (key === 'id') return [id]
  if (section === 'joints') {
    const slice = jointSlice(context, key, id)
    if (slice) return slice
  }
  if (section === 'hfields' && key.startsWith('data_')) {
    const cells = Array.from(model.hfield_data as Float32Array)
    return [key === 'data_min' ? Math.min(...cells) : Math.max(...cells)]
  }
  const sourceValue = source.object(section, key, id)
  if (sourceValue) return sourceValue
  const values = fieldOf(model, `${prefix}${key}`)
  return values && row(values, id, count)
}

function compareWrap({ model, comparer }: Context, where: string, tendon: number, wrap: unknown): void {
  const first = (model.tendon_adr as Int32Array)[tendon]!
  for (const [i, step] of (wrap as Facts[]).entries())
    for (const key of ['type', 'objid', 'prm']) {
      const expected = numbersOf(step[key])
      if (expected)
        comparer.check(`${where}.wrap[${i}].${key}`, fieldOf(model, `wrap_${key}`)![first + i]!, expected[0]!, absolute)
    }
}

function compareObject(context: Context, section: keyof typeof sections, facts: Facts, id: number): void {
  const { comparer } = context
  for (const [key, value] of Object.entries(facts)) {
    const where = `${section}[${id}].${key}`
    if (key === 'wrap') compareWrap(context, where, id, value)
    const expected = value === null && key.startsWith('spec_') ? null : numbersOf(value)
    if (expected === undefined) continue
    const actual = actualNumbers(context, section, key, id)
    if (!actual) comparer.fail(`${where}: the model has no such field`)
    // A source value that is not given is NaN throughout.
    else if (expected === null) comparer.check(where, actual[0]!, NaN, absolute)
    else comparer.checkRelative(where, actual, expected, relative, absolute)
  }
}

function compareRecord(comparer: Comparer, where: string, owner: object, facts: Facts): void {
  for (const [key, value] of Object.entries(facts)) {
    const expected = numbersOf(value)
    if (expected === undefined || key.endsWith('_names')) continue
    const raw: unknown = (owner as Facts)[key]
    const actual = ArrayBuffer.isView(raw) ? Array.from(raw as Float64Array) : numbersOf(raw)
    if (actual) comparer.checkRelative(`${where}.${key}`, actual, expected, relative, absolute)
    else comparer.fail(`${where}.${key}: the model has no such field`)
  }
}

function compareNames({ model, comparer }: Context, mujoco: Mujoco, facts: ModelFacts): void {
  const kinds = {
    bodies: mujoco.mjtObj.mjOBJ_BODY,
    joints: mujoco.mjtObj.mjOBJ_JOINT,
    geoms: mujoco.mjtObj.mjOBJ_GEOM,
    actuators: mujoco.mjtObj.mjOBJ_ACTUATOR,
    sites: mujoco.mjtObj.mjOBJ_SITE,
    sensors: mujoco.mjtObj.mjOBJ_SENSOR,
    tendons: mujoco.mjtObj.mjOBJ_TENDON,
    equalities: mujoco.mjtObj.mjOBJ_EQUALITY,
    cameras: mujoco.mjtObj.mjOBJ_CAMERA,
  }
  for (const [section, kind] of Object.entries(kinds))
    for (const [id, { name }] of ((facts[section] ?? []) as Facts[]).entries()) {
      const actual = mujoco.mj_id2name(model, kind.value, id)
      if (typeof name === 'string' && name !== '' && actual !== name)
        comparer.fail(`${section}[${id}].name: '${actual}', expected '${name}'`)
    }
}

/**
 * Compiles `xml` and compares every numeric field of the facts with the result, within 1e-6 relative.
 * @throws Error with MuJoCo's message where `xml` does not compile
 */
export function compareModel(mujoco: Mujoco, xml: string, facts: ModelFacts): Comparison {
  const comparer = createComparer(relative)
  const model = mujoco.MjModel.from_xml_string(xml)
  const source = readSource(mujoco, xml)
  try {
    const context = { model, source, comparer }
    for (const [size, expected] of Object.entries(facts.sizes))
      comparer.check(`sizes.${size}`, Number((model as unknown as Record<string, number>)[size]), expected, 0)
    // Where the numbers of objects differ, comparing them one by one would say nothing.
    if (comparer.result().ok) {
      compareRecord(comparer, 'option', model.opt, facts.option)
      compareRecord(comparer, 'statistic', model.stat, facts.statistic)
      compareRecord(comparer, 'compiler', source.compiler, facts.compiler)
      compareNames(context, mujoco, facts)
      for (const section of Object.keys(sections) as (keyof typeof sections)[])
        for (const [id, object] of ((facts[section] ?? []) as Facts[]).entries())
          compareObject(context, section, object, id)
    }
    return comparer.result()
  } finally {
    source.close()
    model.delete()
  }
}
