import { distance } from 'fastest-levenshtein'
import { z } from 'zod'

/** What went wrong, as data; the message is made from it. */
export interface ErrorFacts {
  /** Stable identifier, such as `unknown-option`. */
  readonly code: string
  /** Which field, argument or file. */
  readonly path: string
  readonly expected?: string
  readonly received?: string
  /** What to do about it: a sentence. */
  readonly hint?: string
}

/** An error a user can act on: names the field, what was expected, what came, and what to do. */
export class RevflowError extends Error {
  override readonly name = 'RevflowError'
  readonly code: string
  readonly path: string
  readonly expected: string | undefined
  readonly received: string | undefined
  readonly hint: string | undefined

  constructor({ code, path, expected, received, hint }: ErrorFacts, options?: ErrorOptions) {
    const facts = [
      expected === undefined ? undefined : `expected ${expected}`,
      received === undefined ? undefined : `received ${received}`,
    ].filter((fact) => fact !== undefined)
    super(`${path}: ${[facts.join(', '), hint].filter(Boolean).join('; ')}`, options)
    this.code = code
    this.path = path
    this.expected = expected
    this.received = received
    this.hint = hint
  }
}

/** The choice nearest to `value` in edit distance. `undefined` where there is none to choose. */
export function nearest(value: string, choices: readonly string[]): string | undefined {
  const byDistance = (a: string, b: string) => distance(value, a) - distance(value, b)
  return [...choices].sort(byDistance)[0]
}

/** Finds `name` among `choices`. @throws RevflowError (`unknown-name`) naming the nearest choice and all others */
export function lookUp<T>(what: string, name: string, choices: Readonly<Record<string, T>>): T {
  if (Object.hasOwn(choices, name)) return choices[name]!
  const names = Object.keys(choices)
  const hint = names.length > 0 ? `did you mean '${nearest(name, names)}'?` : undefined
  throw new RevflowError({
    code: 'unknown-name',
    path: what,
    expected: `one of ${names.join(', ')}`,
    received: `'${name}'`,
    ...(hint && { hint }),
  })
}

const show = (value: unknown): string => {
  const text =
    typeof value === 'string'
      ? `'${value}'`
      : typeof value === 'number' // JSON has no NaN
        ? String(value)
        : (JSON.stringify(value) ?? String(value))
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((node, key) => (node as Record<PropertyKey, unknown> | undefined)?.[key], value)

/** What is asked of a JSON Schema. */
interface Node {
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, Node>>
  readonly oneOf?: readonly Node[]
}

/** The keys a schema knows at `path` of a value, those of its kind where there are several; empty where that cannot be said. */
function knownKeys(schema: Node, value: unknown, [key, ...rest]: readonly PropertyKey[]): string[] {
  const isOfKind = ({ properties = {} }: Node) =>
    Object.entries(properties).every(([name, child]) => !('const' in child) || child.const === valueAt(value, [name]))
  const { properties = {} } = schema.oneOf?.find(isOfKind) ?? schema
  if (key === undefined) return Object.keys(properties)
  return knownKeys(properties[String(key)] ?? {}, valueAt(value, [key]), rest)
}

/**
 * Parses options by a schema.
 * @param where names the options in messages, such as `config` or `adam`
 * @throws RevflowError (`unknown-option`, `invalid-option`) for the first thing wrong
 */
export function parseOptions<S extends z.ZodType>(schema: S, value: unknown, where: string): z.output<S> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const { issues } = result.error
  // a misspelt key explains why the right one is missing
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!
  const path = [where, ...issue.path.map(String)].join('.')
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!
    const known = knownKeys(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Node, value, issue.path)
    throw new RevflowError({
      code: 'unknown-option',
      path: `${path}.${key}`,
      ...(known.length > 0 && {
        expected: `one of ${known.join(', ')}`,
        hint: `did you mean '${nearest(key, known)}'?`,
      }),
      received: `'${key}'`,
    })
  }
  const received = valueAt(value, issue.path)
  const choice = typeof received === 'string' ? nearest(received, choicesOf(issue)) : undefined
  throw new RevflowError({
    code: 'invalid-option',
    path,
    expected: describeExpectation(issue),
    received: received === undefined ? 'nothing' : show(received),
    ...(choice !== undefined && { hint: `did you mean '${choice}'?` }),
  })
}

/** The values that an option may have, where they are few. */
function choicesOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String)
  return issue.code === 'invalid_union' && 'options' in issue ? issue.options!.map(String) : []
}

function describeExpectation(issue: z.core.$ZodIssue): string {
  const choices = choicesOf(issue)
  if (choices.length > 1) return `one of ${choices.join(', ')}`
  switch (issue.code) {
    case 'invalid_value':
      return show(issue.values[0])
    case 'invalid_type':
      return issue.expected === 'int' ? 'an integer' : `a value of type ${issue.expected}`
    case 'too_small':
      return `${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`
    case 'too_big':
      return `${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`
    default:
      return issue.message
  }
}
