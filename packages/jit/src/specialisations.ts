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
  readonly running: Set<Promise<unknown>>
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
    const call = specialisation.executable.then(body)
    specialisation.running.add(call)
    try {
      return await call
    } finally {
      specialisation.running.delete(call)
    }
  }

  /** Frees all of them, once the calls under way have ended. */
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
    const specialisation = { executable, forms, running: new Set<Promise<unknown>>() }
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
    const compiled = await specialisation.executable.catch(() => undefined)
    await Promise.allSettled(specialisation.running)
    if (!compiled) return
    this.#compiled.splice(this.#compiled.indexOf(compiled), 1)
    await compiled.dispose()
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
  const [known, given] = [before.map((form) => flattenTree<TensorSpec>(form)), now].map((args) => new Map(leaves(args)))
  const name = [...given!.keys(), ...known!.keys()].find((path) => known!.get(path) !== given!.get(path))!
  const [was, is] = [known, given].map((types) => types!.get(name) ?? 'absent')
  const message = `jit: compiled ${PATIENCE} times, for ever new shapes: ${name} changed from ${was} to ${is}; pad it to a few sizes`
  // browsers have no process, or a bundler's that cannot warn
  if (typeof process === 'object' && typeof process.emitWarning === 'function')
    process.emitWarning(message, { type: 'RevflowWarning', code: 'jit-retracing' })
  else console.warn(message)
}
