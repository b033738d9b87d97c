import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { agents } from '@revflow/agents'
import { lookUp, parseOptions, RevflowError } from '@revflow/core'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { ENGINES } from './engine.ts'
import { resolveTask } from './env.ts'

/** A whole run. Steps count control steps of the environment; an action lasts `actionRepeat` of them. */
export const runConfigSchema = z.strictObject({
  task: z.string().default('cartpole-swingup').describe('environment, or path of a module with one'),
  agent: z.string().default('rfm').describe('algorithm'),
  seed: z.int().nonnegative().default(0).describe('of everything random: equal seeds give equal runs'),
  steps: z.int().min(1).default(60_000).describe('environment steps in all'),
  actionRepeat: z.int().min(1).default(2).describe('environment steps an action lasts'),
  randomSteps: z.int().nonnegative().default(2_000).describe('environment steps of random actions at first'),
  randomActions: z
    .enum(['uniform', 'corners'])
    .default('uniform')
    .describe('their law: uniform within the bounds, or each number at one of its bounds, anew at each decision'),
  exploration: z
    .enum(['white', 'pink'])
    .default('white')
    .describe(
      "noise behind an agent's actions and uniform ones: new at each decision, or correlated between decisions",
    ),
  updatesPerDecision: z.int().nonnegative().default(1).describe('learning steps after each decision'),
  replayCapacity: z.int().min(1).default(1_000_000).describe('transitions kept'),
  evaluateEvery: z.int().min(1).default(5_000).describe('environment steps between evaluations'),
  evaluationEpisodes: z.int().min(1).default(10).describe('episodes of each rule of action in an evaluation'),
  checkpointEvery: z.int().min(1).default(5_000).describe('environment steps between checkpoints'),
  logEvery: z.int().min(1).default(1_000).describe('environment steps between lines of metrics'),
  engine: z.enum(ENGINES).default('onnx').describe('how updates are computed; `revflow doctor` tries each'),
  threads: z.int().min(0).max(512).default(0).describe('threads of an operation; 0: one a core'),
  options: z.record(z.string(), z.unknown()).default({}).describe("the agent's own options"),
})
/** A whole run, every option written out. */
export type RunConfig = z.output<typeof runConfigSchema>

/** What a user may say of a run: flags of the command line, a file, and single settings, in rising precedence. */
export interface RunRequest {
  readonly configFile?: string | undefined
  readonly flags: Readonly<Record<string, unknown>>
  /** `key=value`, the key a path such as `options.candidates`, the value YAML. */
  readonly set: readonly string[]
}

/**
 * Resolves a request to a full configuration, with the agent's defaults written out.
 * @throws RevflowError naming the field, what was expected, what came, and the nearest valid choice
 */
export function resolveConfig({ configFile, flags, set }: RunRequest): RunConfig {
  const raw: Record<string, unknown> = { ...(configFile === undefined ? {} : readConfigFile(configFile)) }
  for (const [key, value] of Object.entries(flags)) if (value !== undefined) raw[key] = value
  for (const setting of set) applySetting(raw, setting)
  const config = completeConfig(raw)
  return { ...config, task: resolveTask(config.task) }
}

/** Checks a configuration, the agent's own options too, and fills its defaults in. @throws RevflowError */
export function completeConfig(raw: unknown): RunConfig {
  const config = parseOptions(runConfigSchema, raw, 'config')
  const agent = lookUp('agent', config.agent, agents)
  const options = parseOptions(agent.config, config.options, 'config.options') as Record<string, unknown>
  // some names, such as estimators, are looked up only when an agent is set up: find out before a folder is made
  agent.create(options as never, { observationSize: 1, actionSize: 1 })
  return { ...config, options }
}

/** A YAML mapping. @throws RevflowError (`unreadable-file`, `invalid-file`) */
export function readConfigFile(file: string): Record<string, unknown> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new RevflowError(
      {
        code: 'unreadable-file',
        path: file,
        expected: 'a readable YAML file',
        received: (cause as Error).message,
      },
      { cause },
    )
  }
  const refuse = (received: string, cause?: unknown) => {
    throw new RevflowError(
      { code: 'invalid-file', path: file, expected: 'a YAML mapping of options', received },
      { cause },
    )
  }
  let parsed: unknown
  try {
    parsed = parseYaml(text) ?? {}
  } catch (cause) {
    refuse((cause as Error).message.split('\n')[0]!, cause)
  }
  const mapping = z.record(z.string(), z.unknown()).safeParse(parsed)
  return mapping.success ? mapping.data : refuse(Array.isArray(parsed) ? 'a list' : `a ${typeof parsed}`)
}

function applySetting(config: Record<string, unknown>, setting: string): void {
  const split = setting.indexOf('=')
  const path = setting.slice(0, Math.max(split, 0)).split('.')
  if (split < 1 || path.includes('') || path.includes('__proto__'))
    throw new RevflowError({
      code: 'invalid-option',
      path: `--set ${setting}`,
      expected: 'key=value, such as options.candidates=32',
      received: `'${setting}'`,
    })
  let node = config
  for (const key of path.slice(0, -1)) {
    const child = node[key]
    const copy = typeof child === 'object' && child !== null ? { ...child } : {}
    node[key] = copy
    node = copy as Record<string, unknown>
  }
  try {
    node[path.at(-1)!] = parseYaml(setting.slice(split + 1))
  } catch (cause) {
    throw new RevflowError(
      {
        code: 'invalid-option',
        path: `--set ${path.join('.')}`,
        expected: 'a value in YAML, such as 32, mish or [64, 64]',
        received: `'${setting.slice(split + 1)}'`,
      },
      { cause },
    )
  }
}

/** Ten hexadecimal digits that stand for a configuration: equal runs share a folder, and so resume. */
export function runId(config: RunConfig): string {
  const sorted = (value: unknown): unknown =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, child]) => [key, sorted(child)]),
        )
      : value
  return createHash('sha256')
    .update(JSON.stringify(sorted(config)))
    .digest('hex')
    .slice(0, 10)
}
