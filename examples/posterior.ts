// The posterior mean E[X1|x] of a noised action, by three estimators at equal cost, against quadrature.
//   npx -y pnpm@12 example examples/posterior.ts
import { createRng } from '@revflow/core'
import { gaussian, linearFlow } from '@revflow/schedules'
import { drawNoiseTensors, estimatePosteriorMean, estimatorNoise, resolveEstimator } from '@revflow/stein'
import * as tf from '@tensorflow/tfjs'

// π(a) ∝ exp(Q(a)/λ) on [−1, 1], seen through x = t a + (1 − t) ε
const [lambda, t, x] = [0.5, 0.7, 0.1]
const q = (a: tf.Tensor) => tf.add(tf.sin(tf.mul(5, a)), a)
const slope = (a: tf.Tensor) => tf.add(tf.mul(5, tf.cos(tf.mul(5, a))), 1)

/** The answer: ∫ a p(a|x) da on a fine grid. */
function quadrature(): number {
  let [total, weighted] = [0, 0]
  for (let i = 0; i < 10_000; i++) {
    const a = -1 + (i + 0.5) / 5000
    const noise = (x - t * a) / (1 - t)
    const density = Math.exp((Math.sin(5 * a) + a) / lambda - 0.5 * noise ** 2)
    total += density
    weighted += density * a
  }
  return weighted / total
}

const answer = quadrature()
console.log(`E[X1|x] = ${answer.toFixed(4)} by quadrature`)

const repeats = Number(process.env.REPEATS ?? 500)
const cost = 32 // evaluations of Q; a value with its gradient counts 2
for (const name of ['qne', 'rfm-box', 'rfm-box-sobol']) {
  const estimator = resolveEstimator(name)
  const candidates = estimator.needsGradient ? cost / 2 : cost
  // as many rows as repeats: independent estimates of one number
  const noise = drawNoiseTensors(createRng(0), estimatorNoise(name, { batch: repeats, candidates, dim: 1 }))
  const { data, diagnostics } = estimatePosteriorMean(
    {
      schedule: linearFlow(),
      source: gaussian({ dim: 1 }),
      x: tf.fill([repeats, 1], x) as tf.Tensor2D,
      t: tf.fill([repeats], t) as tf.Tensor1D,
      support: { low: -1, high: 1 },
      logTarget: (a) => tf.squeeze(tf.div(q(a), lambda), [-1]),
      logTargetAndGrad: (a) => ({ value: tf.squeeze(tf.div(q(a), lambda), [-1]), grad: tf.div(slope(a), lambda) }),
    },
    { estimator, noise },
  )
  const estimates = data.dataSync<'float32'>()
  const mean = estimates.reduce((sum, value) => sum + value, 0) / repeats
  const error = Math.sqrt(estimates.reduce((sum, value) => sum + (value - answer) ** 2, 0) / repeats)
  const ess = tf.mean(diagnostics.ess).dataSync<'float32'>()[0]!
  console.log(
    `${name.padEnd(13)}  K = ${candidates}  mean ${mean.toFixed(4)}  root mean squared error ${error.toFixed(4)}  effective samples ${ess.toFixed(1)}`,
  )
}
