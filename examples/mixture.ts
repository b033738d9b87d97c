// Samples a mixture that is known up to a constant, without training anything: the velocity of the flow at (x, t) comes
// from posterior means that are estimated from the energy alone.
//   npx -y pnpm@12 example examples/mixture.ts
import { createRng } from '@revflow/core'
import { sampleOde, trainingFree, trainingFreeNoise } from '@revflow/flows'
import { jit } from '@revflow/jit'
import { gaussian, linearFlow } from '@revflow/schedules'
import { drawNoiseTensors } from '@revflow/stein'
import * as tf from '@tensorflow/tfjs'

// three normals in the plane, with their shares
const modes = [
  [-0.5, -0.4],
  [0.5, -0.4],
  [0, 0.6],
]
const shares = [0.5, 0.3, 0.2]
const sigma = 0.15

/** log p up to a constant: [.., 2] to [..]. */
function logTarget(x: tf.Tensor): tf.Tensor {
  const squares = tf.sum(tf.square(tf.sub(tf.expandDims(x, -2), modes)), -1)
  return tf.logSumExp(tf.add(tf.mul(-0.5 / sigma ** 2, squares), shares.map(Math.log)), -1)
}

const [n, steps, candidates] = [Number(process.env.SAMPLES ?? 1000), 25, 128]
const estimator = 'rfm-box'
const schedule = linearFlow({ tMin: 0.02 })
const target = {
  schedule,
  source: gaussian({ dim: 2 }),
  support: { low: -1, high: 1 },
  logTarget,
  logTargetAndGrad: (x: tf.Tensor) => tf.valueAndGrad(logTarget)(x),
}

// randomness is an input: all of it is drawn here
const rng = createRng(0)
// near t = 0 the flow is at β times the source
const start = tf.mul(
  schedule.at(schedule.tMin).beta,
  tf.tensor2d(rng.fillNormal(new Float32Array(2 * n)), [n, 2]),
) as tf.Tensor2D
const noise = drawNoiseTensors(rng, trainingFreeNoise(estimator, { batch: n, candidates, dim: 2 }, steps))

// compiled: one graph of all steps
const sample = jit((x0: tf.Tensor2D, noise: Record<string, tf.Tensor>) => {
  const { velocity } = trainingFree({ target, estimator, noise })
  return sampleOde({ velocity, x0, from: schedule.tMin, steps })
})
const { data } = await sample(start, noise)

const counts = modes.map(() => 0)
let squares = 0
for (let i = 0; i < n; i++) {
  const distances = modes.map(([x, y]) => Math.hypot(data[2 * i]! - x!, data[2 * i + 1]! - y!))
  const distance = Math.min(...distances)
  counts[distances.indexOf(distance)]! += 1
  squares += distance ** 2
}
for (const [i, count] of counts.entries())
  console.log(`mode (${modes[i]!.join(', ')}): share ${(count / n).toFixed(3)}, wanted ${shares[i]}`)
console.log(`deviation ${Math.sqrt(squares / (2 * n)).toFixed(3)}, wanted ${sigma}`)
