import { flattenTree } from '@revflow/core'
import type { Executable } from './engine/engine.ts'
import { type Form, formOf } from './forms.ts'
import { type TensorSpec, typeName } from './host-tensor.ts'
import type { FlatSpec } from './trace/trace.ts'

/** Compilations of one function after which it is worth a warning that its shapes keep changing. */
const PATIENCE = 8

interface Specialisation {
  readonly executable: Promise<Executable>
  readonly forms: readonly Form[]
  /** Calls that have not returned yet. */
  running: number
  /** Whether it left the cache, and is freed as soon as nothing runs. */
  dropped: boolean
}

/** Executables by the shapes and types of their arguments; the least recently used one leaves when there are too many. */
export class Specialisations {
  readonly #compile: (args: readonly FlatSpec[]) => Promise<Executable>
  readonly #limit: number
  readonly #cache = new Map<string, Specialisation>()
  readonly #compiled: Executable[] = []
  /** The one used by the call before. */
  #latest: Specialisation | undefined
  #compilations = 0

  constructor(compile: (args: readonly FlatSpec[]) => Promise<Executable>, limit: number) {
    this.#compile = compile
    this.#limit = limit
  }

  get executables(): readonly Executable[] {
    return this.#compiled
  }

  get compilations(): number {
    return this.#compilations
  }

  /** What the call before had: the next one most often has the same. */
  get latest(): { readonly forms: readonly Form[] } | undefined {
    return this.#latest
  }

  /** Runs `body` with the executable of the call before. */
  again<T>(body: (executable: Executable) => Promise<T>): Promise<T> {
    return this.#run(this.#latest!, body)
  }

  /** Runs `body` with the executable for `args`, compiled where there is none. */
  async use<T>(args: readonly FlatSpec[], body: (executable: Executable) => Promise<T>): Promise<T> {
    const key = keyOf(args)
    const specialisation = this.#cache.get(key) ?? this.#add(key, args)
    this.#cache.delete(key)
    this.#cache.set(key, specialisation)
    this.#latest = specialisation
    if (this.#cache.size > this.#limit) this.#drop(this.#cache.keys().next().value!)
    return this.#run(specialisation, body)
  }

  async #run<T>(specialisation: Specialisation, body: (executable: Executable) => Promise<T>): Promise<T> {
    specialisation.running += 1
    try {
      return await body(await specialisation.executable)
    } finally {
      specialisation.running -= 1
      if (specialisation.dropped) await this.#free(specialisation)
    }
  }

  /** Frees all of them, those that run once they have ended. */
  async dispose(): Promise<void> {
    await Promise.all([...this.#cache.keys()].map((key) => this.#drop(key)))
  }

  #add(key: string, args: readonly FlatSpec[]): Specialisation {
    this.#compilations += 1
    const forms = args.map(formOf)
    // of the arguments only the forms are kept, not the memory of their tensors
    const specs = args.map((leaves) => leaves.map(([path, { dtype, shape }]) => [path, { dtype, shape }] as const))
    if (this.#compilations === PATIENCE && this.#latest) warn(this.#latest.forms, specs)
    const executable = this.#compile(specs).then((compiled) => {
      this.#compiled.push(compiled)
      return compiled
    })
    const specialisation = { executable, forms, running: 0, dropped: false }
    // what could not be compiled is tried anew by the next call
    executable.catch(() => {
      if (this.#cache.get(key) === specialisation) this.#cache.delete(key)
      if (this.#latest === specialisation) this.#latest = undefined
    })
    return specialisation
  }

  async #drop(key: string): Promise<void> {
    const specialisation = this.#cache.get(key)!
    this.#cache.delete(key)
    if (this.#latest === specialisation) this.#latest = undefined
    specialisation.dropped = true
    await this.#free(specialisation)
  }

  async #free({ executable, running }: Specialisation): Promise<void> {
    if (running > 0) return
    const compiled = await executable.catch(() => undefined)
    const at = compiled ? this.#compiled.indexOf(compiled) : -1
    if (at < 0) return
    this.#compiled.splice(at, 1)
    await compiled?.dispose()
  }
}

const keyOf = (args: readonly FlatSpec[]) =>
  args.map((leaves) => leaves.map(([path, spec]) => `${path}:${typeName(spec)}`)).join('|')

/** Names the first argument that differs from the call before. */
function warn(before: readonly Form[], now: readonly FlatSpec[]): void {
  const leaves = (args: readonly FlatSpec[]) =>
    args.flatMap((arg, i) =>
      arg.map(([path, spec]) => [`argument ${i}${path && `, '${path}'`}`, typeName(spec)] as const),
    )
  const known = new Map<string, string>(leaves(before.map((form) => flattenTree<TensorSpec>(form))))
  const [name, type] = leaves(now).find(([path, spec]) => known.get(path) !== spec) ?? ['the number of arguments', '']
  const message = `jit: compiled ${PATIENCE} times, for ever new shapes: ${name} changed from ${known.get(name) ?? 'absent'} to ${type}; pad it to a few sizes`
  if (typeof process === 'object') process.emitWarning(message, { type: 'RevflowWarning', code: 'jit-retracing' })
  else console.warn(message) // in a browser
}
