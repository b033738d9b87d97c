import { type AgentState, type Algorithm, agents, createAgent } from '@revflow/agents'
import { hostTree } from '@revflow/benchmark-shared'
import { createRng, drawNoise, mapTree, type NoiseSpec, type Tree } from '@revflow/core'
import { HostTensor } from '@revflow/jit'

export interface UpdateSize {
  /** rfm unless given */
  readonly agent?: string
  readonly batch: number
  readonly candidates: number
  readonly hidden: number
  readonly observation: number
  readonly action: number
}

/** An update with random inputs of a size. */
export interface UpdateProblem {
  readonly algorithm: Algorithm<AgentState>
  /** A fresh copy of the initial state. */
  state(): Tree<HostTensor>
  readonly batch: Readonly<Record<string, HostTensor>>
  readonly noise: Readonly<Record<string, HostTensor>>
}

export function updateProblem(size: UpdateSize): UpdateProblem {
  const algorithm = createAgent(
    agents,
    size.agent ?? 'rfm',
    {
      hidden: [size.hidden, size.hidden],
      batchSize: size.batch,
      actorBatchSize: size.batch,
      candidates: size.candidates,
    },
    { observationSize: size.observation, actionSize: size.action },
  )
  const rng = createRng(0)
  const draw = (law: NoiseSpec['law'], ...shape: number[]) => HostTensor.from(drawNoise(rng, { law, shape }), shape)
  const initial = hostTree(algorithm.init(rng))
  // λ as amid training: at its first, its least, η rests on a weight or two, and engines would differ by their rounding
  const spread = initial as { temperature?: HostTensor }
  spread.temperature?.data.fill(1)
  return {
    algorithm,
    state: () => mapTree((tensor) => tensor.copy(), initial),
    batch: {
      observation: draw('normal', size.batch, size.observation),
      action: draw('uniform', size.batch, size.action),
      reward: draw('normal', size.batch),
      nextObservation: draw('normal', size.batch, size.observation),
      terminated: HostTensor.from(new Float32Array(size.batch)),
    },
    noise: Object.fromEntries(
      Object.entries(algorithm.noise.update).map(([name, { law, shape }]) => [name, draw(law, ...shape)]),
    ),
  }
}
