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

/** The schema with other defaults; descriptions and ranges stay. */
function withDefaults<Schema extends z.ZodObject>(schema: Schema, defaults: z.input<Schema>): Schema {
  const shape = Object.entries(defaults).map(([key, value]) => {
    const field = schema.shape[key] as z.ZodType
    const inner = field instanceof z.ZodDefault || field instanceof z.ZodPrefault ? field.unwrap() : field
    return [key, (inner as z.ZodType).prefault(value).describe(field.description ?? '')] as const
  })
  return schema.extend(Object.fromEntries(shape)) as unknown as Schema
}
