import { agents, createAgent } from '@revflow/agents'
import { createRng, mapTree } from '@revflow/core'
import { integratedRates, vpDiscrete } from '@revflow/schedules'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

type Matrix = number[][]
type Network = Readonly<Record<string, Readonly<Record<string, tf.Tensor>>>>

/** ∇_a of Q = v · tanh(K s + W a + b) + c: W (v ∘ (1 − tanh²)), by hand. */
function gradient({ layer0, layer1 }: Network, s: readonly number[], a: readonly number[]): number[] {
  const [k, w, v] = [layer0!.kernel0!, layer0!.kernel1!, layer1!.kernel0!].map((x) => x.arraySync() as Matrix)
  const slopes = [...layer0!.bias!.dataSync()].map((bias, h) => {
    const u = s.reduce((sum, x, i) => sum + x * k![i]![h]!, 0) + a.reduce((sum, x, j) => sum + x * w![j]![h]!, bias)
    return v![h]![0]! * (1 - Math.tanh(u) ** 2)
  })
  return a.map((_, j) => slopes.reduce((sum, slope, h) => sum + slope * w![j]![h]!, 0))
}

const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length

describe('qsm in the published form', () => {
  it('regresses its noise on −M_q times the mean of both critics’ gradients at x_t', () => {
    const [scale, batchSize, rate] = [200, 40, 1e-3]
    const options = {
      form: { kind: 'published', scale },
      hidden: [6],
      criticActivation: 'tanh',
      criticLayerNorm: false,
      actorLearningRate: rate,
      batchSize,
      actorBatchSize: batchSize,
    }
    tf.tidy(() => {
      const algorithm = createAgent(agents, 'qsm', options, { observationSize: 3, actionSize: 2 })
      const normal = (seed: number, ...shape: number[]) =>
        tf.tensor(createRng(seed).fillNormal(new Float32Array(shape.reduce((a, b) => a * b))), shape)
      const batch = {
        observation: normal(1, batchSize, 3) as tf.Tensor2D,
        action: tf.tanh(normal(2, batchSize, 2)) as tf.Tensor2D,
        reward: normal(3, batchSize) as tf.Tensor1D,
        nextObservation: normal(4, batchSize, 3) as tf.Tensor2D,
        terminated: tf.zeros([batchSize]) as tf.Tensor1D,
      }
      // every time of the grid
      const uniform = Array.from({ length: batchSize }, (_, i) => (i + 0.5) / batchSize)
      const x0 = normal(5, batchSize, 2)
      const noise = {
        next: normal(6, batchSize, 2),
        nextKicks: normal(7, 4, batchSize, 2),
        t: tf.tensor1d(uniform),
        x0,
      }
      const fresh = algorithm.init(createRng(0))
      const zero = mapTree((leaf: tf.Tensor) => tf.zerosLike(leaf), fresh.actor!)
      const { state, metrics } = algorithm.update({ ...fresh, actor: zero }, batch, noise)

      const { q1, q2 } = state.critics as unknown as Record<'q1' | 'q2', Network>
      const schedule = vpDiscrete({ rates: integratedRates({ steps: 5, b0: 0.1, b1: 10 }) })
      const [s, a, e] = [batch.observation, batch.action, x0].map((x) => x.arraySync() as Matrix)
      const target = uniform.map((u, i) => {
        const { alpha, beta } = schedule.at(Math.floor(5 * u) / 5)
        const xt = a![i]!.map((x, j) => alpha * x + beta * e![i]![j]!)
        const [g1, g2] = [gradient(q1, s![i]!, xt), gradient(q2, s![i]!, xt)]
        return g1.map((g, j) => -scale * 0.5 * (g + g2[j]!))
      })
      expect(metrics.targetNorm!.dataSync()[0]! / mean(target.map((row) => Math.hypot(...row)))).toBeCloseTo(1, 4)
      // the network is zero: its loss is the target's square, and Adam's first step moves its bias towards the mean target
      expect(metrics.actorLoss!.dataSync()[0]! / mean(target.flat().map((v) => v * v))).toBeCloseTo(1, 4)
      const bias = [...(state.actor as unknown as Network).layer1!.bias!.dataSync()]
      for (const [j, moved] of bias.entries())
        expect(moved / rate).toBeCloseTo(Math.sign(mean(target.map((row) => row[j]!))), 3)
    })
  })
})
