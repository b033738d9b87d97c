import { z } from 'zod'
import type { Agent } from './agent.ts'

/** An option as JSON Schema has it. */
interface OptionSchema {
  readonly description?: string
  readonly default?: unknown
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly multipleOf?: number
  readonly properties?: Readonly<Record<string, OptionSchema>>
  readonly oneOf?: readonly OptionSchema[]
}

/** Everything that can be said of an agent without running it, as JSON: its options are a JSON Schema. */
export function describeAgent({ name, reference, description, deviations, metrics, config }: Agent) {
  const options = z.toJSONSchema(config, { io: 'input' }) as OptionSchema
  return { name, reference, description, deviations, metrics, options }
}

/** The page of an agent, in Markdown. */
export function agentPage(agent: Agent): string {
  const { name, reference, description, deviations, metrics, options } = describeAgent(agent)
  const rows = Object.entries(options.properties!).flatMap(([key, option]) => optionRows(key, option))
  return `<!-- Made by \`revflow agents --docs docs/agents\`: change the agent's own file. -->

# ${name}

${withLinks(reference)}. ${description}

Formulas behind it: [schedules](../concepts/schedules.md), [conversions](../concepts/conversions.md),
[posterior means](../concepts/posterior-means.md), [control variates](../concepts/stein.md),
[temperature](../concepts/temperature.md). Every agent here has the same critics (the minimum of two, Polyak-averaged), the same replay and the same rules of action:
\`sample\` is one draw, \`mode\` the draw at zero noise, \`best\` the best of \`bestOf\` draws by the target critics, \`explore\`
what the option \`exploration\` says.

\`\`\`sh
npx -y pnpm@12 train cartpole-swingup --agent ${name}
npx -y pnpm@12 train cheetah-run --agent ${name} --seed 1 --set options.batchSize=256
npx -y pnpm@12 revflow evaluate runs/cartpole-swingup/${name}/<id> --rule best
\`\`\`

## Departures from the reference

${deviations.map((line) => `- ${line}`).join('\n')}

## Options

${table(['option', 'default', 'range', 'meaning'], rows)}

## Logged metrics

${table(['metric', 'formula'], Object.entries(metrics))}

## Results

What has been measured of the agents: [two bandits whose density is known](bandits.md),
[control tasks](../../benchmarks/results/main-job/README.md).
`
}

/** The list of agents, in Markdown. */
export function agentsPage(agents: readonly Agent[]): string {
  const rows = agents.map(({ name, reference }) => [`[${name}](${name}.md)`, withLinks(reference)])
  return `<!-- Made by \`revflow agents --docs docs/agents\`. -->

# Agents

\`npx -y pnpm@12 revflow agents --json\` gives everything on their pages as JSON. What each makes of bandits whose density is
known: [bandits](bandits.md).

${table(['agent', 'reference'], rows)}
`
}

/** Numbers of arXiv and the list of estimators as links. */
const withLinks = (text: string) =>
  text
    .replace(/arXiv (\d{4}\.\d{5})/g, '[$&](https://arxiv.org/abs/$1)')
    .replace('listEstimators()', '[listEstimators()](../estimators.md)')

function optionRows(key: string, option: OptionSchema): string[][] {
  const own = [`\`${key}\``, code(option.default), range(option), withLinks(option.description ?? '')]
  const nested = Object.entries(option.properties ?? {}).flatMap(([name, child]) => optionRows(`${key}.${name}`, child))
  const kinds = (option.oneOf ?? []).flatMap(({ properties = {} }) =>
    Object.entries(properties)
      .filter(([name]) => name !== 'kind')
      .flatMap(([name, child]) => optionRows(`${key}.${name} (${properties.kind?.const})`, child)),
  )
  return [own, ...nested, ...kinds]
}

function range({ type, oneOf, minimum, maximum, exclusiveMinimum, multipleOf, ...option }: OptionSchema): string {
  if (option.enum) return option.enum.map(String).join(', ')
  if (oneOf) return `kind: ${oneOf.map(({ properties }) => properties?.kind?.const).join(', ')}`
  const low = exclusiveMinimum === undefined ? minimum !== undefined && `≥ ${minimum}` : `> ${exclusiveMinimum}`
  const most = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER && `≤ ${maximum}`
  const step = multipleOf !== undefined && `multiple of ${multipleOf}`
  return [type, low, most, step].filter(Boolean).join(' ')
}

const code = (value: unknown) => (value === undefined ? '–' : `\`${JSON.stringify(value).replace(/"/g, '')}\``)

const table = (header: readonly string[], rows: readonly (readonly string[])[]) =>
  [header, header.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replace(/\|/g, '\\|')).join(' | ')} |`)
    .join('\n')
