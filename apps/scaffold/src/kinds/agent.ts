import { agents } from '@revflow/agents'
import { changeset, type Kind, kebabNames, type Name, recordEntry } from '../kind.ts'

export const agentSource = ({ name, identifier }: Pick<Name, 'name' | 'identifier'>): string => `\
import { type AdamState, activations, adam, type MlpParams, mlp, valueAndGrads } from '@revflow/nn'
import * as tf from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { actionRules } from './action-rules.ts'
import { defineAgent, type Noise } from './agent.ts'
import { type CriticState, criticLearner, criticMetrics } from './critic-learner.ts'
import { actorRate, sharedOptions } from './options.ts'

// Edit: its own options, each with a default, a range and a meaning. Networks, batches and rates are those of all agents.
const options = z.strictObject({
  spread: z.number().min(0).default(0.1).describe('standard deviation of a draw around μ(s)'),
  ...sharedOptions,
})

type State = CriticState & { actor: MlpParams; actorAdam: AdamState }

/** Edit: what it is, and its paper. */
export const ${identifier} = defineAgent({
  name: '${name}',
  reference: 'Deterministic policy gradients, arXiv 1509.02971',
  description: 'A policy a = μ(s) climbs min Q(s, μ(s)); its draws are μ(s) + spread · ε, clipped to the bounds.',
  deviations: ['Exploration noise is white, and the minimum of two critics takes the place of one.'],
  metrics: { ...criticMetrics, actorLoss: '−mean_B min Q(s, μ(s))' },
  config: options,
  create(config, spaces, given) {
    const { batchSize, actorBatchSize, spread } = config
    const { observationSize, actionSize } = spaces
    const critics = criticLearner(config, spaces, given)
    const optimizer = adam({ learningRate: actorRate(config) })
    const network = mlp({
      inputs: [observationSize],
      hidden: config.hidden,
      outputs: actionSize,
      activation: config.actorActivation,
    })
    /** μ(s), [B, A] */
    const mean = (params: MlpParams, s: tf.Tensor2D) => activations.tanh(network.apply(params, [s])) as tf.Tensor2D
    /** A draw, [B, A]; at zero noise it is μ(s). */
    const draw = ({ actor }: State, s: tf.Tensor2D, { x0 }: Noise) =>
      tf.clipByValue(tf.add(mean(actor, s), tf.mul(spread, x0!)), -1, 1) as tf.Tensor2D
    // randomness is an input: an agent says what it needs, and gets it as tensors
    const noise = (n: number) => ({ x0: { shape: [n, actionSize], law: 'normal' as const } })
    const rules = actionRules<State>(config, spaces, {
      noise,
      draw,
      value: ({ targets }, s, a) => critics.minimum(targets, s, a),
    })

    return {
      batchSize,
      nStep: critics.nStep,
      // each value 1, each value with a gradient 2
      cost: {
        criticEvaluations: 3 * batchSize + 2 * actorBatchSize,
        policyEvaluations: batchSize + 2 * actorBatchSize,
      },
      noise: { act: rules.noise, update: noise(batchSize) },

      init(rng): State {
        const actor = network.init(rng)
        return { actor, actorAdam: optimizer.init(actor), ...critics.init(rng) }
      },

      act: rules.act,

      // a pure function of tensors that reads no value, so that it compiles: state in, state out
      update(state, batch, given) {
        const next = batch.nextObservation
        const nextValue = critics.backedUp(state, next, draw(state, next, given))
        const { state: learner, metrics } = critics.learn(state, batch, nextValue)
        const s = tf.slice(batch.observation, [0, 0], [actorBatchSize, -1])
        const { value: actorLoss, grads } = valueAndGrads(
          (actor) => tf.neg(tf.mean(critics.minimum(learner.critics, s, mean(actor, s)))) as tf.Scalar,
          state.actor,
        )
        const step = optimizer.update({ grads, state: state.actorAdam, params: state.actor })
        return {
          state: { actor: step.params, actorAdam: step.state, ...learner },
          metrics: { ...metrics, actorLoss },
        }
      },
    }
  },
})
`

const test = ({ name }: Name) => `\
import { type Agent, agents } from '@revflow/agents'
import { type Compile, knownCritics, knownQ, learn } from '@revflow/agents/testing'
import { jit } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'

beforeAll(() => tf.setBackend('cpu'))

describe('${name}', () => {
  // That it compiles, acts within bounds and logs what its page says is tested for every agent.
  it('finds the best action of a known Q', async () => {
    const critics = knownCritics((_, action) => tf.neg(tf.sum(tf.square(tf.sub(action, 0.4)), -1)))
    const { act } = await learn(agents['${name}'] as unknown as Agent, knownQ(critics, [0], 2), {
      updates: 300,
      options: { hidden: [16, 16], batchSize: 16, actorBatchSize: 16, actorLearningRate: 1e-2 },
      compile: jit as unknown as Compile,
    })
    const [best] = await act('mode', [0])
    for (const a of best!) expect(Math.abs(a - 0.4)).toBeLessThan(0.05)
  })
})
`

/** A learning algorithm of @revflow/agents. */
export const agent: Kind = {
  ...kebabNames,
  taken: () => Object.keys(agents),
  files: (name) => ({
    [`packages/agents/src/${name.file}.ts`]: agentSource(name),
    [`packages/agents/test/${name.file}.test.ts`]: test(name).replace(/agents\['([a-z]\w*)'\]/, 'agents.$1'),
    [`.changeset/agent-${name.file}.md`]: changeset('@revflow/agents', `Agent \`${name.name}\`.`),
  }),
  registry: {
    path: 'packages/agents/src/index.ts',
    end: '}',
    lines: (name) => ({
      import: `import { ${name.identifier} } from './${name.file}.ts'`,
      entry: recordEntry(name),
    }),
  },
  pages: { command: ['agents', '--docs', 'docs/agents'] },
  next: ({ name, file }) => [
    `npx -y pnpm@12 vitest run packages/agents/test/${file}.test.ts`,
    `npx -y pnpm@12 vitest run packages/agents/test/agents.test.ts -t ${name}`,
    `npx -y pnpm@12 train --agent ${name}`,
  ],
}
