import { RevflowError } from '@revflow/core'
import { cachedView, fieldOf, loadMujoco, type MjData, type MjModel, type Mujoco } from './mujoco.ts'

/** What a name can name in a model. */
export type ObjectKind = 'body' | 'joint' | 'geom' | 'site' | 'actuator' | 'sensor' | 'tendon'

const objectTypes = {
  body: 'mjOBJ_BODY',
  joint: 'mjOBJ_JOINT',
  geom: 'mjOBJ_GEOM',
  site: 'mjOBJ_SITE',
  actuator: 'mjOBJ_ACTUATOR',
  sensor: 'mjOBJ_SENSOR',
  tendon: 'mjOBJ_TENDON',
} as const

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
  /** Accessor of a float64 array of mjModel, such as `geom_pos`: call it at each use, never keep its result. */
  modelView(field: string): () => Float64Array
  /** Back to the initial state (`mj_resetData`), derived quantities computed without actuation. Model fields stay. */
  reset(): void
  /** Computes derived quantities of the present state with actuation off (`mj_forward`). */
  forward(): void
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

const largest = 1e10

function isBad(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (!(Math.abs(values[i]!) <= largest)) return true
  return false
}

/** Compiles a model. @throws RevflowError (`invalid-model`) with MuJoCo's message */
export async function createPhysics(xml: string): Promise<Physics> {
  const mujoco = await loadMujoco()
  let model: MjModel
  try {
    model = mujoco.MjModel.from_xml_string(xml)
  } catch (cause) {
    const received = cause instanceof Error ? cause.message.trim() : String(cause)
    throw new RevflowError({ code: 'invalid-model', path: 'model', expected: 'valid MJCF', received }, { cause })
  }
  return wrapModel(mujoco, model, xml)
}

function wrapModel(mujoco: Mujoco, model: MjModel, xml: string): Physics {
  const data = new mujoco.MjData(model)
  const option = model.opt
  const actuationOff = mujoco.mjtDisableBit.mjDSBL_ACTUATION.value
  const isRungeKutta = option.integrator === mujoco.mjtIntegrator.mjINT_RK4.value
  const qpos = cachedView(data, 'qpos')
  const qvel = cachedView(data, 'qvel')
  const stateKind = mujoco.mjtState.mjSTATE_INTEGRATION.value
  const integratedSize = mujoco.mj_stateSize(model, stateKind)
  const stateSize = integratedSize + (model.nsensordata as number)
  const viewOf = (owner: MjData | MjModel, field: string) => {
    if (!(fieldOf(owner, field) instanceof Float64Array))
      throw new RevflowError({ code: 'unknown-name', path: 'field', expected: 'a float64 array', received: field })
    return cachedView(owner, field)
  }

  const forward = () => {
    const flags = option.disableflags
    option.disableflags = flags | actuationOff
    mujoco.mj_forward(model, data)
    option.disableflags = flags
  }

  return {
    mujoco,
    model,
    data,
    xml,
    stateSize,
    forward,
    id(kind, name) {
      const id = mujoco.mj_name2id(model, mujoco.mjtObj[objectTypes[kind]].value, name)
      if (id < 0)
        throw new RevflowError({
          code: 'unknown-name',
          path: kind,
          expected: 'a name in the model',
          received: `'${name}'`,
        })
      return id
    },
    dataView: (field) => viewOf(data, field),
    modelView: (field) => viewOf(model, field),
    reset() {
      mujoco.mj_resetData(model, data)
      forward()
    },
    advance(n) {
      // Position and velocity stages of this state are done: the first step needs only the rest. Runge-Kutta evaluates
      // them at states of its own, so there it cannot be split.
      if (isRungeKutta) mujoco.mj_step(model, data)
      else mujoco.mj_step2(model, data)
      for (let i = 1; i < n; i++) mujoco.mj_step(model, data)
      mujoco.mj_step1(model, data)
    },
    disableAutoReset() {
      option.disableflags |= mujoco.mjtDisableBit.mjDSBL_AUTORESET.value
    },
    diverged: () => isBad(qpos()) || isBad(qvel()),
    warnings() {
      const counts = data.warning
      const names = Object.keys(mujoco.mjtWarning).filter((name) => name.startsWith('mjWARN_'))
      return names.map((name) => name.slice('mjWARN_'.length)).filter((_, i) => (counts.get(i)?.number ?? 0) > 0)
    },
    saveState() {
      const buffer = mujoco.DoubleBuffer.FromArray(new Float64Array(integratedSize))
      mujoco.mj_getState(model, data, buffer, stateKind)
      const state = new Float64Array(stateSize)
      state.set(buffer.GetView() as Float64Array)
      state.set(fieldOf(data, 'sensordata')!, integratedSize)
      buffer.delete()
      return state
    },
    loadState(state) {
      mujoco.mj_resetData(model, data)
      mujoco.mj_setState(model, data, Array.from(state.subarray(0, integratedSize)), stateKind)
      mujoco.mj_step1(model, data)
      // Sensors of the acceleration stage belong to the step before: they cannot be computed from this state.
      fieldOf(data, 'sensordata')!.set(state.subarray(integratedSize))
    },
    close() {
      data.delete()
      model.delete()
    },
  }
}
