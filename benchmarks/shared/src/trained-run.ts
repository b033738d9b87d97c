import { basename } from 'node:path'
import { parseOptions, RevflowError, type Tree, unflattenTree } from '@revflow/core'
import { HostTensor } from '@revflow/jit'
import { type TwinCritics, twinCritics } from '@revflow/rl'
import { readLatestCheckpoint, readRun } from '@revflow/trainer'
import { z } from 'zod'

/** What this asks of a run's options: those that all agents share. */
const optionsSchema = z.object({
  hidden: z.array(z.int()),
  criticActivation: z.enum(['identity', 'relu', 'tanh', 'silu', 'mish', 'gelu', 'softplus']),
  criticLayerNorm: z.boolean(),
})

/** What a run has learned of values, and the transitions it has seen. */
export interface TrainedRun {
  /** The name of its folder. */
  readonly id: string
  /** Environment steps made. */
  readonly step: number
  readonly task: string
  readonly agent: string
  readonly seed: number
  /** S */
  readonly observationSize: number
  /** A */
  readonly actionSize: number
  readonly critics: TwinCritics
  /** The averaged critics. */
  readonly params: Tree<HostTensor>
  /** N, transitions in its replay. */
  readonly transitions: number
  /** Rows of the replay, [n, width], by their places. */
  rows(name: 'observation' | 'action' | 'nextObservation', places: readonly number[]): HostTensor
}

/**
 * The critics and the replay of a run's latest checkpoint.
 * @throws RevflowError (`not-a-run`, `no-checkpoint`, `invalid-option`)
 */
export function trainedRun(run: string): TrainedRun {
  const { folder, config } = readRun(run)
  const { found } = readLatestCheckpoint(folder.checkpoints)
  if (!found) throw new RevflowError({ code: 'no-checkpoint', path: run, expected: 'a run with a checkpoint' })
  const { hidden, criticActivation, criticLayerNorm } = parseOptions(
    optionsSchema,
    config.options,
    'options of the run',
  )
  const { tensors } = found.data
  const prefix = 'agent/targets/'
  const entries = Object.entries(tensors).flatMap(([path, { data, shape }]) =>
    path.startsWith(prefix) ? [[path.slice(prefix.length), HostTensor.from(data as Float32Array, shape)] as const] : [],
  )
  const replay = (name: string) => tensors[`replay/${name}`]!.data as Float32Array
  const transitions = replay('reward').length
  const width = (name: string) => replay(name).length / transitions
  const [observationSize, actionSize] = [width('observation'), width('action')]
  return {
    id: basename(folder.path),
    step: found.step,
    task: config.task,
    agent: config.agent,
    seed: config.seed,
    observationSize,
    actionSize,
    critics: twinCritics({
      observationSize,
      actionSize,
      hidden,
      activation: criticActivation,
      layerNorm: criticLayerNorm,
    }),
    params: unflattenTree<HostTensor>(entries),
    transitions,
    rows(name, places) {
      const size = width(name)
      const rows = places.flatMap((place) => [...replay(name).subarray(place * size, (place + 1) * size)])
      return HostTensor.from(rows, [places.length, size])
    },
  }
}
