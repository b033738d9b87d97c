import { type ActionRule, type AgentState, agents, createAgent } from '@revflow/agents'
import {
  createRng,
  drawNoise,
  flattenTree,
  mapTree,
  type NoiseSpec,
  RevflowError,
  type Rng,
  restoreRng,
  rngStateSchema,
  type Tree,
  unflattenTree,
} from '@revflow/core'
import { HostTensor, jit } from '@revflow/jit'
import type { NStepOptions } from '@revflow/rl'
import type * as tf from '@tensorflow/tfjs-core'
import { z } from 'zod'
import type { RunConfig } from './config.ts'
import { jitEngine } from './engine.ts'

type HostTree = Tree<HostTensor>
type HostRecord = Readonly<Record<string, HostTensor>>

/** A learner's generators, as a checkpoint keeps them. */
export const learnerMetaSchema = z.strictObject({ update: rngStateSchema, act: rngStateSchema })
export type LearnerMeta = z.infer<typeof learnerMetaSchema>

/** An agent with its memory on the host: acts and learns through jitted functions. */
export interface Learner {
  readonly batchSize: number
  /** How many decisions make one of its transitions, and γ for each. */
  readonly nStep: NStepOptions
  /** Actions [n · A] for n observations [n · S], row-major; the learner's own generator unless another is given. */
  act(rule: ActionRule, observations: Float32Array, rng?: Rng): Promise<Float32Array>
  /** Learns from a batch; the arrays may be reused afterwards. Returns the metrics' tensors, unread. */
  update(batch: HostRecord): Promise<HostRecord>
  /** A snapshot: every tensor of the state by path, and the generators. */
  save(): { tensors: (readonly [path: string, tensor: HostTensor])[]; meta: LearnerMeta }
  /** Takes a snapshot over. @throws RevflowError (`shape-mismatch`) where it is another agent's, or of other sizes */
  restore(tensors: Iterable<readonly [path: string, tensor: HostTensor]>, meta: LearnerMeta): void
  dispose(): Promise<void>
}

export interface LearnerSpaces {
  readonly observationSize: number
  readonly actionSize: number
}

/** Sets the agent of a run up. Deterministic: the same configuration gives the same learner. */
export function createLearner(config: RunConfig, spaces: LearnerSpaces): Learner {
  const { threads, seed } = config
  // moments of weights that rest fade out to numbers that some processors compute slowly with
  const compiler = { engine: jitEngine(config.engine), flushDenormals: true }
  const algorithm = createAgent(agents, config.agent, config.options, spaces)
  const update = jit(algorithm.update, { ...compiler, threads, donate: [0] })
  const actors = new Map<ActionRule, ReturnType<typeof makeActor>>()
  const makeActor = (rule: ActionRule) =>
    jit(
      (state: AgentState, observation: tf.Tensor2D, noise: Record<string, tf.Tensor>) =>
        algorithm.act(rule, state, observation, noise),
      { ...compiler, threads: 1 },
    )
  const actor = (rule: ActionRule) => {
    const known = actors.get(rule) ?? makeActor(rule)
    actors.set(rule, known)
    return known
  }
  const updateNoise = noiseBuffers(algorithm.noise.update)
  let rngs = { update: createRng(seed, 'update'), act: createRng(seed, 'act') }
  let state = initialState(algorithm.init(createRng(seed, 'init')))

  return {
    batchSize: algorithm.batchSize,
    nStep: algorithm.nStep,
    async act(rule, observations, rng = rngs.act) {
      const n = observations.length / spaces.observationSize
      const noise = noiseBuffers(algorithm.noise.act(rule, n))
      const observation = HostTensor.from(observations, [n, spaces.observationSize])
      const action = await actor(rule)(state as never, observation, fill(noise, rng) as never)
      return action.data as Float32Array
    },
    async update(batch) {
      const result = await update(state as never, batch as never, fill(updateNoise, rngs.update) as never)
      state = result.state as unknown as HostTree
      return result.metrics as unknown as HostRecord
    },
    save: () => ({
      tensors: flattenTree(state),
      meta: { update: rngs.update.state(), act: rngs.act.state() },
    }),
    restore(tensors, meta) {
      const given = [...tensors]
      checkShapes(given, flattenTree(state))
      state = unflattenTree(given)
      rngs = { update: restoreRng(meta.update), act: restoreRng(meta.act) }
    },
    async dispose() {
      await Promise.all([update, ...actors.values()].map((fn) => fn.dispose()))
    },
  }
}

function checkShapes(
  given: readonly (readonly [string, HostTensor])[],
  own: readonly (readonly [string, HostTensor])[],
) {
  const shapes = (list: typeof own) => new Map(list.map(([path, { shape }]) => [path, `[${shape.join(', ')}]`]))
  const [received, expected] = [shapes(given), shapes(own)]
  for (const path of new Set([...expected.keys(), ...received.keys()])) {
    if (received.get(path) === expected.get(path)) continue
    throw new RevflowError({
      code: 'shape-mismatch',
      path: `checkpoint, agent/${path}`,
      expected: expected.get(path) ?? 'no such tensor',
      received: received.get(path) ?? 'none',
      hint: 'it was written with another configuration',
    })
  }
}

interface NoiseBuffer {
  readonly spec: NoiseSpec
  readonly tensor: HostTensor<'float32'>
}

/** Memory for noise, allocated once and filled before each call. */
const noiseBuffers = (specs: Readonly<Record<string, NoiseSpec>>): [name: string, buffer: NoiseBuffer][] =>
  Object.entries(specs).map(([name, spec]) => [
    name,
    { spec, tensor: HostTensor.from(new Float32Array(spec.shape.reduce((a, b) => a * b, 1)), spec.shape) },
  ])

function fill(buffers: ReturnType<typeof noiseBuffers>, rng: Rng): HostRecord {
  return Object.fromEntries(
    buffers.map(([name, { spec, tensor }]) => {
      drawNoise(rng, spec, tensor.data)
      return [name, tensor]
    }),
  )
}

/** Copies the freshly initialised tensors to the host and frees them. */
function initialState(state: AgentState): HostTree {
  const tensors: tf.Tensor[] = []
  const host = mapTree<tf.Tensor, HostTensor>((tensor) => {
    tensors.push(tensor)
    return new HostTensor(tensor.dtype as 'float32', tensor.shape, tensor.dataSync<'float32'>().slice())
  }, state)
  for (const tensor of new Set(tensors)) tensor.dispose()
  return host
}
