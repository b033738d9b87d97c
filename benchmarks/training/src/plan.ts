import { basename, extname } from 'node:path'
import { lookUp, parseOptions, RevflowError } from '@revflow/core'
import { type RunConfig, readConfigFile, resolveConfig, runId } from '@revflow/trainer'
import { z } from 'zod'

const settings = z.record(z.string(), z.unknown())

const profileSchema = z.strictObject({
  /** What it asks, for the report. */
  description: z.string().default(''),
  tasks: z.array(z.string()).min(1),
  seeds: z.array(z.int().nonnegative()).min(1),
  /** Runs at a time; with `run.threads: 1` as many as there are cores. */
  workers: z.int().min(1).default(1),
  /** What all runs share, as in a file for `revflow train --config`. */
  run: settings.default({}),
  /** What each compared variant changes, by its name. */
  variants: z.record(z.string(), settings),
  /** The variant that others are divided by. */
  baseline: z.string().optional(),
})

export type Profile = z.output<typeof profileSchema> & { readonly name: string }

/** One run of a plan. */
export interface PlannedRun {
  readonly variant: string
  readonly id: string
  readonly config: RunConfig
}

/** Reads a profile from its YAML file. @throws RevflowError naming the field that is wrong */
export function readProfile(file: string): Profile {
  const name = basename(file, extname(file))
  const profile = parseOptions(profileSchema, readConfigFile(file), `profile ${name}`)
  if (profile.baseline !== undefined) lookUp(`profile ${name}.baseline`, profile.baseline, profile.variants)
  return { name, ...profile }
}

/**
 * Every run of a profile, seeds outermost so that a partial benchmark compares like with like.
 * @throws RevflowError naming the option that is wrong, or the variant that repeats another
 */
export function plan({ name, tasks, seeds, run, variants }: Profile): PlannedRun[] {
  const runs = seeds.flatMap((seed) =>
    tasks.flatMap((task) =>
      Object.entries(variants).map(([variant, changes]) => {
        const options = { ...record(run.options), ...record(changes.options) }
        const config = resolveConfig({ flags: { ...run, ...changes, options, task, seed }, set: [] })
        return { variant, id: runId(config), config }
      }),
    ),
  )
  const first = new Map<string, string>()
  for (const { id, variant } of runs) {
    const other = first.get(id)
    if (other !== undefined)
      throw new RevflowError({
        code: 'invalid-option',
        path: `profile ${name}.variants.${variant}`,
        expected: 'runs that no other variant has',
        received: other === variant ? 'a task or seed that is given twice' : `those of ${other}`,
        hint: 'options of a variant are added to those of its agent',
      })
    first.set(id, variant)
  }
  return runs
}

const record = (value: unknown) => (value ?? {}) as Readonly<Record<string, unknown>>

/**
 * Part `i` of `n` (from 1) of a plan, for machines that share one: runs that follow each other, so that each part has all
 * variants and takes about as long. @throws RevflowError (`invalid-option`)
 */
export function shard<T>(runs: readonly T[], text: string): T[] {
  const [, i, n] = /^(\d+)\/(\d+)$/.exec(text)?.map(Number) ?? []
  const start = (part: number) => Math.floor((runs.length * (part - 1)) / n!)
  if (i !== undefined && n !== undefined && i >= 1 && i <= n) return runs.slice(start(i), start(i + 1))
  throw new RevflowError({
    code: 'invalid-option',
    path: '--shard',
    expected: 'i/n with 1 ≤ i ≤ n, such as 1/4',
    received: `'${text}'`,
  })
}
