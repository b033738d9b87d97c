import { findTask, listTasks, makeEnv } from '@revflow/envs'

/** Domains of the original, recordings of which are kept. */
const SUITE = 'acrobot ball_in_cup cartpole cheetah finger fish hopper humanoid manipulator pendulum point_mass quadruped reacher swimmer walker'.split(' ') // biome-ignore format: one list

const table = (header: readonly string[], rows: readonly (readonly string[])[]) =>
  [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

const REFERENCE_CHECK = `
## Reference check

The domain follows dm_control 1.0.47 on MuJoCo 3.14.0. Recordings of it are kept in \`packages/envs/test/fixtures\`, and
[a test](../../packages/envs/test/reference.test.ts) compares with them, task by task: every numeric field of the compiled
model, a replayed trajectory, mean and spread of initial states, and of all but quadruped-escape observations and rewards
at probed states. How close they have to be: [how it is checked](../../packages/envs/README.md#how-it-is-checked). Steps a second beside the original:
[the table](../../benchmarks/results/envs.md).
`

/** Names of the tasks of each domain, `<domain>-<task>`. */
export function domains(): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const { name } of listTasks()) {
    const domain = name.split('-')[0]!
    found.set(domain, [...(found.get(domain) ?? []), name])
  }
  return found
}

/** The page of a domain, in Markdown, from what its tasks declare and the bounds of their models' actuators. */
export async function domainPage(domain: string, names: readonly string[]): Promise<string> {
  const sections: string[] = []
  for (const name of names) sections.push(await taskSection(name))
  return `<!-- Made by \`revflow envs --docs docs/envs\`: change the task's own file. -->

# ${domain}

\`\`\`sh
npx -y pnpm@12 train ${names[0]}
npx -y pnpm@12 revflow render ${names[0]} --out ${domain}.gif
\`\`\`

${sections.join('\n\n')}
${SUITE.includes(domain) ? REFERENCE_CHECK : ''}`
}

async function taskSection(name: string): Promise<string> {
  const { description = '', observations, timeLimit, controlTimestep } = findTask(name)
  const env = await makeEnv(name)
  const { names, low, high } = env.actionSpace
  env.close()
  const steps = Math.round(timeLimit / controlTimestep)
  const bounds = (i: number) => `[${low[i]}, ${high[i]}]`
  const shared = low.every((_, i) => bounds(i) === bounds(0))
  const actions = names.map((action, i) => `\`${action}\`${shared ? '' : ` ${bounds(i)}`}`).join(', ')
  return `## ${name}

${description.replace(/\s+/g, ' ')}

An episode is ${steps} control steps of ${controlTimestep} s, then truncated. Actions: ${actions}${shared ? `, ${names.length === 1 ? '' : 'each '}in ${bounds(0)}` : ''}.

${table(
  ['observation', 'numbers', 'what'],
  observations.map(({ name: entry, size, meaning = '' }) => [`\`${entry}\``, `${size}`, meaning]),
)}`
}

/** The list of the domains. */
export function domainsIndex(): string {
  const rows = [...domains()].map(([domain, names]) => [
    `[${domain}](${domain}.md)`,
    names.map((name) => `\`${name}\``).join(', '),
  ])
  return `<!-- Made by \`revflow envs --docs docs/envs\`. -->

# Environments

Tasks of the DeepMind Control Suite. \`npx -y pnpm@12 revflow envs\` lists them; the package is
[@revflow/envs](../../packages/envs/README.md).

${table(['domain', 'tasks'], rows)}
`
}
