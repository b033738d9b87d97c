import { z } from 'zod'
import type { Agent, AgentState } from './agent.ts'

/** A setting of an agent; what it does not say is the agent's. */
export interface Preset<Schema extends z.ZodObject> {
  readonly name?: string
  readonly reference?: string
  readonly description?: string
  readonly deviations?: readonly string[]
  /** What it sets, instead of the agent's own defaults. */
  readonly options: z.input<Schema>
}

/** An agent that differs from another in its defaults alone: all of its options remain. */
export function preset<Schema extends z.ZodObject, State extends AgentState>(
  agent: Agent<Schema, State>,
  { options, ...facts }: Preset<Schema>,
): Agent<Schema, State> {
  return { ...agent, ...facts, config: withDefaults(agent.config, options) }
}

/** The schema with other defaults, those of nested options too; descriptions and ranges stay. */
function withDefaults<Schema extends z.ZodObject>(schema: Schema, defaults: object): Schema {
  const shape = Object.entries(defaults).map(([key, value]) => {
    const field = schema.shape[key] as z.ZodType
    const inner = field instanceof z.ZodDefault || field instanceof z.ZodPrefault ? field.unwrap() : field
    const option = nested(inner as z.ZodType, value)
    return [key, option.prefault(value).describe(field.description ?? '')] as const
  })
  return schema.extend(Object.fromEntries(shape)) as unknown as Schema
}

/** An option whose own options, or those of the kind that `defaults` names, have other defaults. */
function nested(option: z.ZodType, defaults: unknown): z.ZodType {
  if (defaults === undefined) return option
  if (option instanceof z.ZodOptional) return nested(option.unwrap() as z.ZodType, defaults).optional()
  if (option instanceof z.ZodObject) return withDefaults(option, defaults as object)
  if (!(option instanceof z.ZodDiscriminatedUnion)) return option
  const { kind, ...rest } = defaults as { readonly kind: string }
  const kinds = option.options as z.ZodObject<{ kind: z.ZodLiteral }>[]
  const changed = kinds.map((each) => (each.shape.kind.value === kind ? withDefaults(each, rest) : each))
  return z.discriminatedUnion('kind', changed as [(typeof kinds)[number]])
}
