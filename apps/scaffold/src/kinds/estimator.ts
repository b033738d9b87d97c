import { listEstimators } from '@revflow/stein'
import { changeset, type Kind, kebabNames, type Name } from '../kind.ts'

export const estimatorSource = ({ name, identifier }: Pick<Name, 'name' | 'identifier'>): string => `\
import { isGaussian } from '@revflow/schedules'
import * as tf from '@tensorflow/tfjs-core'
import { coefficients } from '../control/coefficients.ts'
import { testFunctions } from '../control/test-functions.ts'
import { defineEstimator } from '../estimator.ts'
import { importanceSampling } from '../methods/importance-sampling.ts'
import type { Proposal } from '../proposals/proposal.ts'

/** Candidates are drawn this many times as wide as the source. */
const WIDTH = 1.5

/** Edit: where candidates for the noise X0 behind x come from. */
const proposal: Proposal = {
  name: '${name}',
  // randomness is an input: a proposal says what it needs, and gets it as tensors
  noise: ({ batch, candidates, dim }) => ({ candidates: { shape: [batch, candidates, dim], law: 'normal' } }),
  draw({ source, x }, { candidates }, { alpha, beta }) {
    const z = candidates as tf.Tensor3D
    const { mean, scale } = isGaussian(source) ? source : { mean: 0, scale: 1 }
    const x0 = tf.add(mean, tf.mul(WIDTH * scale, z)) as tf.Tensor3D
    return {
      x0,
      // x = α x1 + β x0
      x1: tf.div(tf.sub(tf.expandDims(x, 1), tf.mul(beta, x0)), alpha),
      // log p0(x0) − log q(x0), up to a constant: the weights make up for the width
      logCorrection: tf.mul((1 - WIDTH ** 2) / 2, tf.sum(tf.square(z), -1)),
    }
  },
}

/** Edit: what it is, the paper it comes from, and when not to use it. */
export const ${identifier} = defineEstimator({
  name: '${name}',
  reference: 'a template: the source, wider',
  // what its means converge to: targets that are positive everywhere, or zero outside of a box
  targets: ['unbounded'],
  ...importanceSampling({
    proposal,
    // where few weights count, their regression is noise: η stays between the noise form and the gradient form
    control: {
      testFunction: testFunctions.constantDiagonal,
      coefficient: coefficients.clipped(coefficients.regression),
    },
  }),
})
`

const test = ({ name }: Name) => `\
import { jit } from '@revflow/jit'
import { resolveEstimator } from '@revflow/stein'
import { type Compile, conformanceChecks } from '@revflow/stein/testing'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, it } from 'vitest'

beforeAll(() => tf.setBackend('cpu'))

describe('${name}', () => {
  const checks = conformanceChecks(resolveEstimator('${name}'), { compile: jit as unknown as Compile })
  it.each(checks)('$name', ({ run }) => run())
  // Add what the kit cannot know: an answer in closed form, a target on which it does better than others.
})
`

const page = ({ name, file }: Name) => `\
# ${name}

What it estimates, and how: the proposal q, the weights w ∝ p0 p1 / q, the control variate.

- When to use it, and when not.
- Paper, equations, and where the code departs from them.

Source: [packages/stein/src/estimators/${file}.ts](../../packages/stein/src/estimators/${file}.ts). Its error at equal cost:

\`\`\`sh
npx -y pnpm@12 bench:estimators smoke
\`\`\`
`

/** A posterior-mean estimator of @revflow/stein. */
export const estimator: Kind = {
  ...kebabNames,
  taken: () => listEstimators().map(({ name }) => name),
  files: (name) => ({
    [`packages/stein/src/estimators/${name.file}.ts`]: estimatorSource(name),
    [`packages/stein/test/${name.file}.test.ts`]: test(name),
    [`docs/estimators/${name.file}.md`]: page(name),
    [`.changeset/estimator-${name.file}.md`]: changeset('@revflow/stein', `Estimator \`${name.name}\`.`),
  }),
  registry: {
    path: 'packages/stein/src/presets.ts',
    end: '] as const',
    lines: ({ identifier, file }) => ({
      import: `import { ${identifier} } from './estimators/${file}.ts'`,
      entry: `  ${identifier},`,
    }),
  },
  pages: { command: ['estimators', '--docs', 'docs/estimators.md'] },
  next: ({ name, file }) => [
    `npx -y pnpm@12 vitest run packages/stein/test/${file}.test.ts`,
    'npx -y pnpm@12 revflow estimators',
    'npx -y pnpm@12 bench:estimators smoke',
    `npx -y pnpm@12 train --set options.estimator=${name}`,
  ],
}
