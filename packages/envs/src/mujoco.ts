import load, { type MainModule, type MjData, type MjModel } from '@mujoco/mujoco'

/** MuJoCo compiled to WebAssembly, as `@mujoco/mujoco` gives it. */
export type Mujoco = MainModule
export type { MjData, MjModel }

/** Arrays of MuJoCo are views into its memory. */
export type View = RealView | Int32Array
/** Real numbers are doubles, but for height fields, meshes and colours. */
export type RealView = Float64Array | Float32Array

let loading: Promise<Mujoco> | undefined

/** Loads MuJoCo on the first call; later calls give the same module. Rejects where WebAssembly is not available. */
export function loadMujoco(): Promise<Mujoco> {
  loading ??= load()
  return loading
}

// The typings give every array as `any`. These two functions are where it gets its type.

/**
 * An accessor of an array of mjData or mjModel. It keeps the view, since making one costs 0.1–0.9 µs, and makes
 * a new one where MuJoCo's memory has grown meanwhile: growth detaches every view, which then has length 0.
 */
export function cachedView<V extends View>(owner: MjData | MjModel, field: string): () => V {
  const fetch = () => (owner as unknown as Record<string, V>)[field]!
  let view = fetch()
  return () => {
    if (view.length === 0) view = fetch()
    return view
  }
}

/** A numeric array of mjModel or mjData as it is now; undefined where there is none of that name. */
export function fieldOf(owner: object, field: string): View | undefined {
  const value: unknown = field in owner ? (owner as Record<string, unknown>)[field] : undefined
  return ArrayBuffer.isView(value) ? (value as View) : undefined
}

/** Name of an object of a type of `mjtObj`; empty where it has none, where MuJoCo's null reads as other text. */
export function nameOf(mujoco: Mujoco, model: MjModel, type: number, id: number): string {
  const name = mujoco.mj_id2name(model, type, id)
  return mujoco.mj_name2id(model, type, name) === id ? name : ''
}
