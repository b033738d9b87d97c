import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as Plot from '@observablehq/plot'
import { type Agent, agents } from '@revflow/agents'
import {
  bandits,
  type Compile,
  drawMixture,
  drawMomentMatched,
  energyDistance,
  fourModes,
  learn,
  modeShares,
  twoModes,
} from '@revflow/agents/testing'
import { markdownTable } from '@revflow/benchmark-shared'
import { jit } from '@revflow/jit'
import { figure } from '@revflow/trainer'

type Name = keyof typeof agents
const temperature = { kind: 'fixed', value: 1 }
const AGENTS: readonly (readonly [Name, object])[] = [
  ['rfm', { temperature, candidates: 64 }],
  ['rfm-pool', { temperature, candidates: 16 }],
  ['rfm-mix', { temperature, candidates: 64 }],
  ['rfm-diffusion', { temperature, candidates: 64 }],
  ['qne', { temperature, candidates: 64 }],
  ['sdac', { temperature, candidates: 64 }],
  ['dqs', { temperature, candidates: 64 }],
  ['idem', { temperature, candidates: 64 }],
  ['qsm-scaled', { form: { kind: 'scaled', temperature: 1 } }],
  ['sac', { temperature }],
]
const BANDITS = { 'two modes': twoModes, 'four modes': fourModes }
const [N, SHOWN] = [1000, 150]
const DOCS = fileURLToPath(new URL('../../../docs/agents', import.meta.url))

interface Dot {
  readonly agent: string
  readonly bandit: string
  readonly x: number
  readonly y: number
}

/** Trains every agent on two bandits whose Boltzmann densities are known; writes bandits.md and bandits.svg. */
export async function main([updates = '3000', out = DOCS]: readonly string[]): Promise<void> {
  const dots: Dot[] = []
  const rows: string[][] = []
  const add = (agent: string, bandit: keyof typeof BANDITS, actions: readonly (readonly number[])[]) => {
    const mixture = BANDITS[bandit]
    const truth = drawMixture(mixture, N, 1)
    const distance = energyDistance(actions, truth) / energyDistance(drawMomentMatched(mixture, N, 2), truth)
    const atBounds = actions.filter((action) => action.some((a) => Math.abs(a) > 0.999)).length / actions.length
    const shares = modeShares(actions, mixture).map((share) => share.toFixed(2))
    rows.push([agent, bandit, distance.toFixed(2), shares.join(' '), atBounds.toFixed(3)])
    const round = (value: number) => Math.round(100 * value) / 100
    for (const [x, y] of actions.slice(0, SHOWN)) dots.push({ agent, bandit, x: round(x!), y: round(y!) })
  }
  const names = Object.keys(BANDITS) as (keyof typeof BANDITS)[]
  for (const bandit of names) add('truth', bandit, drawMixture(BANDITS[bandit], N, 3))
  for (const [name, own] of AGENTS) {
    const count = Number(updates)
    const actorDecay = { shape: 'cosine', to: 1e-5, updates: count }
    const small = { hidden: [64, 64], batchSize: 64, actorLearningRate: 1e-2, actorDecay, discount: 0 }
    const compile = ((fn: never) => jit(fn, { threads: 1 })) as unknown as Compile
    const policy = await learn(agents[name] as unknown as Agent, bandits, {
      updates: count,
      options: { ...small, ...own },
      compile,
    })
    for (const [i, bandit] of names.entries())
      add(name, bandit, await policy.act('sample', new Array<number>(N).fill(2 * i - 1)))
    process.stdout.write(`${rows.slice(-names.length).map((row) => row.join('  ')).join('\n')}\n`) // biome-ignore format: one line
  }
  writeFileSync(join(resolve(out), 'bandits.svg'), picture(dots))
  writeFileSync(join(resolve(out), 'bandits.md'), page(updates, rows))
}

const picture = (dots: readonly Dot[]) =>
  figure('150 actions of each agent', {
    width: 1400,
    height: 360,
    marginLeft: 30,
    marginRight: 90,
    x: { domain: [-1, 1], ticks: [-1, 0, 1], label: null },
    y: { domain: [-1, 1], ticks: [-1, 0, 1], label: null },
    fx: { label: null, domain: ['truth', ...AGENTS.map(([name]) => name)] },
    fy: { label: null, domain: Object.keys(BANDITS) },
    marks: [Plot.frame({ stroke: '#ccc' }), Plot.dot(dots, { x: 'x', y: 'y', fx: 'agent', fy: 'bandit', r: 1.2, fill: '#225' })], // biome-ignore format: two marks
  })

const page = (updates: string, rows: readonly (readonly string[])[]) => `# Two bandits whose Boltzmann density is known

One state each, actions in the plane within [−1, 1]², exp(Q) a mixture of two or four normals of deviation 0.15 at ±½, λ = 1.
The critics are replaced by Q itself, so what is seen is the policy's own learning: ${updates} updates of 64 uniform actions,
K = 64, hidden layers 64 × 2, one seed. Distance: energy distance of ${N} actions to ${N} draws of the mixture, in units of
that of the normal with the same moments; 0 is the mixture itself (the row \`truth\`, ± what sampling leaves), 1 that
normal itself.

![actions](bandits.svg)

${markdownTable(['agent', 'bandit', 'distance', 'share of each mode', 'share at the bounds'], rows, 'text')}

What to read from it: RFM and QNE draw the density. SDAC blurs it: its estimates are right (sampling from them without a
network gives a distance of 0.0), but of 64 proposals that are not truncated one counts at the noisy end, which the
network has likely not averaged out yet; the same agent with truncated proposals comes to 0.2 and 0.3 in 2000 updates.
DQS and iDEM reach every mode but overshoot to the bounds, likely because at σ near 1 few of 64 candidates come near a
mode, and the gradient there, of tens, stands for a score of about 2 (with 256 candidates the distance fell). Scaled
Q-score matching takes the gradient for the score at every noise level and overshoots most. SAC has one mode: it takes one
of two, and lies over four.

Made by \`npx -y pnpm@12 bench:bandits\`.
`
