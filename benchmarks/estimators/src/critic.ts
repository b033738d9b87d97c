import { parseOptions, RevflowError, type Rng, type Tree, unflattenTree } from '@revflow/core'
import { HostTensor } from '@revflow/jit'
import { type TwinCriticParams, twinCritics } from '@revflow/rl'
import { readLatestCheckpoint, readRun } from '@revflow/trainer'
import * as tf from '@tensorflow/tfjs'
import { z } from 'zod'
import type { Energy } from './energies.ts'

/** What this asks of a run's options: those of rfm and its presets. */
const optionsSchema = z.object({
  hidden: z.array(z.int()),
  criticActivation: z.enum(['identity', 'relu', 'tanh', 'silu', 'mish', 'gelu', 'softplus']),
  criticLayerNorm: z.boolean(),
})

/** Actions whose values say how far Q spreads at a state. */
const PROBES = 256

/**
 * The target critics of a run, at states of its replay: scale · min(Q1, Q2)(s, a) / std_a Q(s, a), the deviation being
 * over actions uniform on the box. An rfm agent with its default temperature has scale 1/0.3.
 * @throws RevflowError (`not-a-run`, `no-checkpoint`, `invalid-option`)
 */
export function trainedCritic(run: string): { readonly energy: Energy; readonly dim: number } {
  const { folder, config } = readRun(run)
  const { found } = readLatestCheckpoint(folder.checkpoints)
  if (!found) throw new RevflowError({ code: 'no-checkpoint', path: run, expected: 'a run with a checkpoint' })
  const { hidden, criticActivation, criticLayerNorm } = parseOptions(
    optionsSchema,
    config.options,
    'options of the run',
  )
  const tensors = Object.entries(found.data.tensors)
  const prefix = 'agent/targets/'
  const entries = tensors.flatMap(([path, { data, shape }]) =>
    path.startsWith(prefix) ? [[path.slice(prefix.length), HostTensor.from(data as Float32Array, shape)] as const] : [],
  )
  const observations = found.data.tensors['replay/observation']!.data as Float32Array
  const transitions = found.data.tensors['replay/reward']!.data.length
  const size = observations.length / transitions
  const dim = (found.data.tensors['replay/action']!.data as Float32Array).length / transitions
  const critics = twinCritics({
    observationSize: size,
    actionSize: dim,
    hidden,
    activation: criticActivation,
    layerNorm: criticLayerNorm,
  })
  const draw = (rng: Rng, _: number, scale: number) => {
    const row = size * rng.integer(transitions)
    return {
      critics: unflattenTree<HostTensor>(entries),
      observation: HostTensor.from(observations.slice(row, row + size), [1, size]),
      probes: HostTensor.from(rng.fillUniform(new Float32Array(PROBES * dim), -1, 1), [1, PROBES, dim]),
      scale: HostTensor.from([scale], []),
    }
  }
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
