import { lookUp, RevflowError } from '@revflow/core'
import {
  cachedView,
  fieldOf,
  loadMujoco,
  type MjData,
  type MjModel,
  type Mujoco,
  nameOf,
  type RealView,
} from './mujoco.ts'

/** What a name can name in a model. */
export type ObjectKind = 'body' | 'joint' | 'geom' | 'site' | 'actuator' | 'sensor' | 'tendon'

const objectTypes = {
  body: { type: 'mjOBJ_BODY', size: 'nbody' },
  joint: { type: 'mjOBJ_JOINT', size: 'njnt' },
  geom: { type: 'mjOBJ_GEOM', size: 'ngeom' },
  site: { type: 'mjOBJ_SITE', size: 'nsite' },
  actuator: { type: 'mjOBJ_ACTUATOR', size: 'nu' },
  sensor: { type: 'mjOBJ_SENSOR', size: 'nsensor' },
  tendon: { type: 'mjOBJ_TENDON', size: 'ntendon' },
} as const

/** Files by path, as MJCF refers to them. */
export type Assets = Readonly<Record<string, Uint8Array>>

/** A compiled model with its state: a thin layer on MuJoCo, and the way to its raw model and data. */
export interface Physics {
  /** The WebAssembly module. */
  readonly mujoco: Mujoco
  /** Raw mjModel: as compiled, but for what is written to it. */
  readonly model: MjModel
  /** Raw mjData. Objects it hands out (`data.warning`, `data.contact`) must not be deleted. */
  readonly data: MjData
  /** The MJCF the model was compiled from. */
  readonly xml: string
  /** Id of a named object. @throws RevflowError (`unknown-name`) */
  id(kind: ObjectKind, name: string): number
  /** Accessor of a float64 array of mjData, such as `qpos`: call it at each use, never keep its result. */
  dataView(field: string): () => Float64Array
  /**
   * Accessor of an array of real numbers of mjModel, float64 but for height fields, meshes and colours, such as
   * `geom_pos`: call it at each use, never keep its result.
   */
  modelView(field: string): () => RealView
  /** Back to the initial state (`mj_resetData`), derived quantities computed without actuation. Model fields stay. */
  reset(): void
  /** Computes derived quantities of the present state with actuation off (`mj_forward`). */
  forward(): void
  /** Places all bodies and sites by the present coordinates, derives nothing else. @returns the number of contacts */
  countContacts(): number
  /**
   * Advances by n ≥ 1 physics steps and leaves derived quantities of position and velocity up to date, those of
   * acceleration from the last step. Needs them up to date when called, as after `reset`, `forward` or `advance`.
   */
  advance(n: number): void
  /**
   * Lets a diverged state stay as it is. By default MuJoCo resets it to the initial state, with a warning only, so that
   * `diverged` would not see it.
   */
  disableAutoReset(): void
  /** True where a coordinate or velocity is not a number or beyond 1e10, MuJoCo's own limit. */
  diverged(): boolean
  /** Names of MuJoCo's warnings raised since the last reset, such as `BADQVEL`. */
  warnings(): string[]
  /** Length of what `saveState` gives. */
  readonly stateSize: number
  /** The state as MuJoCo's integrators need it, warm start included, then sensordata. */
  saveState(): Float64Array
  /** Restores what `saveState` gave, to the bit. Its length must be `stateSize`. */
  loadState(state: Float64Array): void
  /** Frees model and data; neither may be used again. */
  close(): void
}

/** MuJoCo's own limit (mjMAXVAL). */
const largest = 1e10

function isBad(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (!(Math.abs(values[i]!) <= largest)) return true
  return false
}

/** Compiles a model. @throws RevflowError (`invalid-model`) with MuJoCo's message */
export async function createPhysics(xml: string, assets: Assets = {}): Promise<Physics> {
  const mujoco = await loadMujoco()
  const files = new mujoco.MjVFS()
  let model: MjModel
  try {
    for (const [path, bytes] of Object.entries(assets)) files.addBuffer(path, bytes)
    model = mujoco.MjModel.from_xml_string(xml, files)
  } catch (cause) {
    const received = cause instanceof Error ? cause.message.trim() : String(cause)
    throw new RevflowError({ code: 'invalid-model', path: 'model', expected: 'valid MJCF', received }, { cause })
  } finally {
    files.delete()
  }
  return new MujocoPhysics(mujoco, model, xml)
}

class MujocoPhysics implements Physics {
  readonly mujoco: Mujoco
  readonly model: MjModel
  readonly data: MjData
  readonly xml: string
  readonly stateSize: number
  readonly #integratedSize: number
  readonly #stateKind: number
  readonly #option: MjModel['opt']
  readonly #actuationOff: number
  readonly #sensorsOff: number
  readonly #isRungeKutta: boolean
  readonly #qpos: () => Float64Array
  readonly #qvel: () => Float64Array

  constructor(mujoco: Mujoco, model: MjModel, xml: string) {
    this.mujoco = mujoco
    this.model = model
    this.data = new mujoco.MjData(model)
    this.xml = xml
    this.#option = model.opt
    this.#actuationOff = mujoco.mjtDisableBit.mjDSBL_ACTUATION.value
    // Sensors with a history look at every step.
    this.#sensorsOff = model.nhistory === 0 ? mujoco.mjtDisableBit.mjDSBL_SENSOR.value : 0
    this.#isRungeKutta = this.#option.integrator === mujoco.mjtIntegrator.mjINT_RK4.value
    this.#stateKind = mujoco.mjtState.mjSTATE_INTEGRATION.value
    this.#integratedSize = mujoco.mj_stateSize(model, this.#stateKind)
    this.stateSize = this.#integratedSize + model.nsensordata
    this.#qpos = this.dataView('qpos')
    this.#qvel = this.dataView('qvel')
  }

  id(kind: ObjectKind, name: string): number {
    const type = this.mujoco.mjtObj[objectTypes[kind].type].value
    const id = this.mujoco.mj_name2id(this.model, type, name)
    if (id >= 0) return id
    const count = this.model[objectTypes[kind].size]
    const names = Array.from({ length: count }, (_, i) => nameOf(this.mujoco, this.model, type, i))
    return lookUp(kind, name, Object.fromEntries(names.filter(Boolean).map((known, i) => [known, i])))
  }

  dataView(field: string): () => Float64Array {
    if (fieldOf(this.data, field) instanceof Float64Array) return cachedView(this.data, field)
    refuseField('a float64 array', field)
  }

  modelView(field: string): () => RealView {
    const view = fieldOf(this.model, field)
    if (view instanceof Float64Array || view instanceof Float32Array) return cachedView(this.model, field)
    refuseField('an array of real numbers', field)
  }

  reset(): void {
    this.mujoco.mj_resetData(this.model, this.data)
    this.forward()
  }

  forward(): void {
    const flags = this.#option.disableflags
    this.#option.disableflags = flags | this.#actuationOff
    this.mujoco.mj_forward(this.model, this.data)
    this.#option.disableflags = flags
  }

  countContacts(): number {
    this.mujoco.mj_kinematics(this.model, this.data)
    this.mujoco.mj_collision(this.model, this.data)
    return this.data.ncon
  }

  advance(n: number): void {
    // Nobody sees the sensors between the steps, and some cost more than all else: the last step alone computes them.
    if (n > 1) {
      const flags = this.#option.disableflags
      this.#option.disableflags = flags | this.#sensorsOff
      for (let i = 1; i < n; i++) this.#step()
      this.#option.disableflags = flags
    }
    this.#step()
    if (this.#isRungeKutta) this.mujoco.mj_step1(this.model, this.data)
  }

  /** One physics step from a state whose position and velocity stages are done, to the same of the next. */
  #step(): void {
    const { mujoco, model, data } = this
    // Runge-Kutta evaluates those stages at states of its own, so there the step cannot be split.
    if (this.#isRungeKutta) mujoco.mj_step(model, data)
    else {
      mujoco.mj_step2(model, data)
      mujoco.mj_step1(model, data)
    }
  }

  disableAutoReset(): void {
    this.#option.disableflags |= this.mujoco.mjtDisableBit.mjDSBL_AUTORESET.value
  }

  diverged(): boolean {
    return isBad(this.#qpos()) || isBad(this.#qvel())
  }

  warnings(): string[] {
    const counts = this.data.warning
    const names = Object.keys(this.mujoco.mjtWarning).filter((name) => name.startsWith('mjWARN_'))
    return names.map((name) => name.slice('mjWARN_'.length)).filter((_, i) => (counts.get(i)?.number ?? 0) > 0)
  }

  saveState(): Float64Array {
    const buffer = this.mujoco.DoubleBuffer.FromArray(new Float64Array(this.#integratedSize))
    this.mujoco.mj_getState(this.model, this.data, buffer, this.#stateKind)
    const state = new Float64Array(this.stateSize)
    state.set(buffer.GetView() as Float64Array)
    state.set(fieldOf(this.data, 'sensordata')!, this.#integratedSize)
    buffer.delete()
    return state
  }

  loadState(state: Float64Array): void {
    const { mujoco, model, data } = this
    mujoco.mj_resetData(model, data)
    mujoco.mj_setState(model, data, Array.from(state.subarray(0, this.#integratedSize)), this.#stateKind)
    mujoco.mj_step1(model, data)
    // Sensors of the acceleration stage belong to the step before: they cannot be computed from this state.
    fieldOf(data, 'sensordata')!.set(state.subarray(this.#integratedSize))
  }

  close(): void {
    this.data.delete()
    this.model.delete()
  }
}

function refuseField(expected: string, field: string): never {
  throw new RevflowError({ code: 'unknown-name', path: 'field', expected, received: `'${field}'` })
}
