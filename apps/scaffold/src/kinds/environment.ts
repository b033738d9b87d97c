import { listTasks } from '@revflow/envs'
import { camelCase, changeset, type Kind, type Name } from '../kind.ts'

const WORD = '[a-z][a-z0-9]*(?:_[a-z0-9]+)*'
const FORM = new RegExp(`^(${WORD})-(${WORD})$`)
const title = ({ name, identifier }: Pick<Name, 'name' | 'identifier'>) => {
  const task = camelCase(name.slice(name.indexOf('-')))
  return { exported: `${identifier}${task}`, xml: `${identifier}Xml` }
}

const model = ({ identifier, file }: Name) => `\
/** A cart of 1 kg on a rail, pushed along it. Edit: joints, bodies, actuators, and the first camera, which draws it. */
export const ${identifier}Xml = \`
<mujoco model="${file}">
  <size memory="1M"/>
  <option timestep="0.01"/>

  <worldbody>
    <light pos="0 0 2"/>
    <camera name="fixed" pos="0 -4 1" xyaxes="1 0 0 0 0.24 0.97"/>
    <geom name="rail" type="capsule" fromto="-1 0 0 1 0 0" size="0.02"/>
    <site name="target" pos="0 0 0.1" size="0.03"/>
    <body name="cart">
      <joint name="slider" type="slide" axis="1 0 0" limited="true" range="-1 1" damping="0.5"/>
      <geom name="cart" type="box" size="0.1 0.06 0.05" mass="1" contype="0" conaffinity="0"/>
    </body>
  </worldbody>

  <actuator>
    <motor name="push" joint="slider" gear="5" ctrllimited="true" ctrlrange="-1 1"/>
  </actuator>
</mujoco>
\`
`

export const environmentSource = (name: Pick<Name, 'name' | 'identifier' | 'file'>): string => `\
import { jointRandomiser } from '../randomise.ts'
import { defineTask } from '../task.ts'
import { tolerance } from '../tolerance.ts'
import { ${title(name).xml} } from './${name.file}.xml.ts'

/** Edit: full reward within 5 cm of the middle, falling to a tenth 0.5 m further. */
const near = { bounds: { lower: -0.05, upper: 0.05 }, margin: 0.5 } as const

/** Edit: bring the cart to the middle of the rail, and keep it there. */
export const ${title(name).exported} = defineTask({
  name: '${name.name}',
  description: 'Bring the cart to the middle of the rail and keep it there. Reward: 1 within 5 cm, less further off.',
  xml: ${title(name).xml},
  // names of the model's actuators, in its order
  actions: ['push'],
  observations: [
    { name: 'position', size: 1, meaning: 'm from the middle' },
    { name: 'velocity', size: 1, meaning: 'm/s' },
  ],
  controlTimestep: 0.02,
  timeLimit: 20,
  // called once a model: look indices up here, not at each step
  bind(physics) {
    const qpos = physics.dataView('qpos')
    const qvel = physics.dataView('qvel')
    return {
      reset: jointRandomiser(physics, { unlimitedHinges: false }),
      observe(out) {
        out[0] = qpos()[0]!
        out[1] = qvel()[0]!
      },
      // in [0, 1]
      reward: () => tolerance(qpos()[0]!, near),
    }
  },
})
`

const test = ({ name }: Name) => `\
import { expect, test } from 'vitest'
import { makeEnv } from '../src/index.ts'

// Saved states, seeds, time limits, rewards in [0, 1] and flat memory are tested for every task.
test('${name}: a spring with a damper solves it, doing nothing does not', async () => {
  const env = await makeEnv('${name}', { seed: 1 })
  const play = (act: (position: number, velocity: number) => number) => {
    let { observation } = env.reset(3)
    let total = 0
    for (let done = false; !done; ) {
      const result = env.step([act(observation[0]!, observation[1]!)])
      observation = result.observation
      total += result.reward
      done = result.truncated
    }
    return total / env.episodeSteps
  }
  expect(play((x, v) => -2 * x - v)).toBeGreaterThan(0.9)
  expect(play(() => 0)).toBeLessThan(0.9)
  env.close()
})
`

/** The table of tasks with a row more, in the order of `listTasks`. */
function withRow(readme: string, { name }: Name): string {
  const lines = readme.split('\n')
  const taskOf = (line: string) => /^\| `([a-z\d_-]+)` +\| \d+ /.exec(line)?.[1]
  const rows = lines.flatMap((line, i) => (taskOf(line) === undefined ? [] : [i]))
  const after = rows.find((i) => taskOf(lines[i]!)! > name) ?? rows.at(-1)! + 1
  const cells = [`\`${name}\``.padEnd(25), '2'.padEnd(11), '1'.padEnd(6), '0.02 s'.padEnd(12), '–'.padEnd(7)]
  return lines.toSpliced(after, 0, `| ${cells.join(' | ')} |`).join('\n')
}

/** A task of @revflow/envs on MuJoCo. */
export const environment: Kind = {
  form: 'a name <domain>-<task>, such as slider-reach or ball_in_cup-catch',
  read(name) {
    const [, domain] = FORM.exec(name) ?? []
    return domain === undefined ? undefined : { name, identifier: camelCase(domain), file: domain }
  },
  nearest: (words) => (words.length === 1 ? `${words[0]}-run` : `${words.slice(0, -1).join('_')}-${words.at(-1)}`),
  variant: (name, i) => name.replace('-', `${i}-`),
  taken: () => listTasks().map(({ name }) => name),
  files: (name) => ({
    [`packages/envs/src/domains/${name.file}.ts`]: environmentSource(name),
    [`packages/envs/src/domains/${name.file}.xml.ts`]: model(name),
    [`packages/envs/test/${name.file}.test.ts`]: test(name),
    [`.changeset/environment-${name.file}.md`]: changeset('@revflow/envs', `Task \`${name.name}\`.`),
  }),
  registry: {
    path: 'packages/envs/src/registry.ts',
    end: ']',
    lines: ({ identifier, file }) => ({
      import: `import * as ${identifier} from './domains/${file}.ts'`,
      entry: `  ${identifier},`,
    }),
  },
  pages: { edit: { path: 'packages/envs/README.md', update: withRow }, command: ['envs', '--docs', 'docs/envs'] },
  next: ({ name, file }) => [
    `npx -y pnpm@12 vitest run packages/envs/test/${file}.test.ts`,
    `npx -y pnpm@12 vitest run packages/envs/test/env.test.ts -t ${name}`,
    `npx -y pnpm@12 revflow render ${name}`,
    `npx -y pnpm@12 train ${name}`,
  ],
}
