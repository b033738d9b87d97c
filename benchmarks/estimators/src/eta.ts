import { hostNoise, hostTree } from '@revflow/benchmark-shared'
import { createRng, mapTree } from '@revflow/core'
import { HostTensor, jit } from '@revflow/jit'
import { adam, type MlpParams, mlp, valueAndGrads } from '@revflow/nn'
import { linearFlow } from '@revflow/schedules'
import {
  type Coefficient,
  coefficients,
  defineEstimator,
  type Estimator,
  importanceSampling,
  sourceProposal,
  testFunctions,
  truncatedProposal,
} from '@revflow/stein'
import * as tf from '@tensorflow/tfjs'
import { estimate, type Inputs, pointsAt, type Question } from './measure.ts'

/** The control variate of rfm-box on a box, that of the paper elsewhere, with η by another rule. */
const withEta = (name: string, bounded: boolean, coefficient: Coefficient): Estimator =>
  defineEstimator({
    name,
    reference: 'theory: section 4, which η',
    targets: [bounded ? 'bounded' : 'unbounded'],
    ...importanceSampling(
      bounded
        ? { proposal: truncatedProposal, control: { testFunction: testFunctions.boundaryVanishing, coefficient } }
        : { proposal: sourceProposal, control: { testFunction: testFunctions.constantDiagonal, coefficient } },
    ),
  })

const { optimal, isotropic, regression, twoPass, splitSample, shrunk, clipped, leastSquares } = coefficients
const tempered = leastSquares({ power: 0.5, centred: true })

/** Every rule for η, for the same candidates; 0 and 1 are the published ones. */
export const etaRules = (bounded: boolean): Estimator[] =>
  Object.entries({
    'η = 0': coefficients.constant(0),
    'η = 1': coefficients.gradient,
    'η* (20)': optimal,
    'η* (20), two passes': twoPass(optimal),
    'one η* (21)': isotropic,
    'one η* (21), two passes': twoPass(isotropic),
    regression,
    'regression, weights w̄^½': tempered,
    'w̄^½, split sample': splitSample(tempered),
    'w̄^½, shrunk': shrunk(tempered, 1),
    ...(bounded ? {} : { 'w̄^½, in [0, 1]': clipped(tempered) }),
    'w̄^½ as the presets have it': coefficients.temperedRegression,
  }).map(([name, coefficient]) => withEta(name, bounded, coefficient))

const LEARNED = 'network of (x, t)'
const [STEPS, BATCH, CANDIDATES] = [1500, 128, 16]

/**
 * η by a network that was trained for one energy, over x and t as they are asked about: the mean share of the squared
 * standard error that is left of the plain estimate's from the same candidates is made least.
 */
export async function learnedEta({ energy, params, x, bounded }: Question, steps = STEPS): Promise<Estimator> {
  const dim = x.length
  const network = mlp({ inputs: [dim, 1], hidden: [64, 64], outputs: dim, activation: 'tanh' })
  // the η of least variance grows as α²/β² while the data decides, and ends at 1
  const eta = (weights: MlpParams, at: tf.Tensor2D, t: tf.Tensor1D) => {
    const { alpha, beta } = linearFlow().atTensor(t)
    const scale = tf.div(tf.square(alpha), tf.add(tf.square(alpha), tf.square(beta)))
    const times = tf.expandDims(t, 1) as tf.Tensor2D
    return tf.mul(tf.expandDims(scale, 1), network.apply(weights, [at, times]))
  }
  const learned = (weights: MlpParams) =>
    withEta(
      LEARNED,
      bounded,
      coefficients.predicted((at, t) => eta(weights, at, t)),
    )
  const plain = withEta('plain', bounded, coefficients.constant(0))
  const optimizer = adam({ learningRate: 1e-3 })
  type State = { weights: MlpParams; optimizer: ReturnType<typeof optimizer.init> }
  const step = jit(
    ({ weights, optimizer: moments }: State, inputs: Inputs) => {
      const squares = (estimator: Estimator) =>
        tf.sum(tf.square(estimate(energy, estimator, bounded, inputs).diagnostics.standardError), 1)
      const left = (own: MlpParams) =>
        tf.mean(tf.div(squares(learned(own)), tf.add(squares(plain), 1e-12))) as tf.Scalar
      const { grads } = valueAndGrads(left, weights)
      const { params: next, state } = optimizer.update({ grads, state: moments, params: weights })
      return { weights: next, optimizer: state }
    },
    { threads: 1, donate: [0] },
  )
  const rng = createRng(1, LEARNED)
  const specs = plain.noise({ batch: BATCH, candidates: CANDIDATES, dim })
  const weightsAtFirst = network.init(createRng(0, LEARNED))
  const first = { weights: weightsAtFirst, optimizer: optimizer.init(weightsAtFirst) }
  let state = hostTree(first as never) as unknown as State
  tf.dispose(first as never)
  for (let i = 0; i < steps; i++) {
    const t = rng.fillUniform(new Float32Array(BATCH), 0.05, 0.95)
    const points = Float32Array.from([...t].flatMap((time) => [...pointsAt(rng, time, dim)]))
    const inputs = {
      params,
      noise: hostNoise(rng, specs),
      x: HostTensor.from(points, [BATCH, dim]),
      t: HostTensor.from(t),
    }
    state = (await step(state as never, inputs as never)) as unknown as State
  }
  await step.dispose()
  const weights = () =>
    mapTree<HostTensor, tf.Tensor>(
      ({ data, shape }) => tf.tensor(data, [...shape]),
      state.weights as never,
    ) as MlpParams
  return withEta(
    LEARNED,
    bounded,
    coefficients.predicted((at, t) => eta(weights(), at, t)),
  )
}
