import { trainedRun } from '@revflow/benchmark-shared'
import type { Rng, Tree } from '@revflow/core'
import { HostTensor } from '@revflow/jit'
import type { TwinCriticParams } from '@revflow/rl'
import * as tf from '@tensorflow/tfjs'
import type { Energy } from './energies.ts'

/** Actions whose values say how far Q spreads at a state. */
const PROBES = 256

/**
 * The target critics of a run, at states of its replay: scale · min(Q1, Q2)(s, a) / std_a Q(s, a), the deviation being
 * over actions uniform on the box. An rfm agent with its default temperature has scale 1/0.3.
 * @throws RevflowError (`not-a-run`, `no-checkpoint`, `invalid-option`)
 */
export function trainedCritic(run: string): { readonly energy: Energy; readonly dim: number } {
  const { critics, params, transitions, actionSize: dim, rows } = trainedRun(run)
  const draw = (rng: Rng, _: number, scale: number) => ({
    critics: params,
    observation: rows('observation', [rng.integer(transitions)]),
    probes: HostTensor.from(rng.fillUniform(new Float32Array(PROBES * dim), -1, 1), [1, PROBES, dim]),
    scale: HostTensor.from([scale], []),
  })
  return {
    dim,
    energy: {
      name: 'critic',
      draw,
      logTarget(params, x1) {
        const own = params as {
          critics: Tree<tf.Tensor> & TwinCriticParams
          observation: tf.Tensor2D
          probes: tf.Tensor3D
          scale: tf.Scalar
        }
        const values = critics.minimum(own.critics, own.observation, own.probes)
        const deviation = tf.sqrt(tf.mean(tf.square(tf.sub(values, tf.mean(values)))))
        const states = tf.tile(own.observation, [x1.shape[0], 1])
        return tf.mul(tf.div(own.scale, deviation), critics.minimum(own.critics, states, x1))
      },
    },
  }
}
