import { createRng, RevflowError, restoreRng, rngStateSchema } from '@revflow/core'
import type { Env, EnvState } from '@revflow/envs'
import { HostTensor } from '@revflow/jit'
import {
  createNStep,
  createPinkNoise,
  createReplay,
  nStepStateSchema,
  pinkNoiseStateSchema,
  type ReplayBatch,
  restorePinkNoise,
} from '@revflow/rl'
import { z } from 'zod'
import type { CheckpointData } from '../checkpoint/checkpoint.ts'
import type { RunConfig } from './config.ts'
import { prepareEngine } from './engine.ts'
import { makeRunEnv } from './env.ts'
import { checkGiven, checkLearned } from './finite.ts'
import { createLearner, type Learner, learnerMetaSchema } from './learner.ts'
import { fromCheckpoint, toCheckpoint } from './tensors.ts'

const metaSchema = z.strictObject({
  step: z.int().nonnegative(),
  updates: z.int().nonnegative(),
  episodeReturn: z.number(),
  episodes: z.int().nonnegative(),
  learner: learnerMetaSchema,
  rng: z.strictObject({ replay: rngStateSchema, explore: rngStateSchema, pink: pinkNoiseStateSchema.optional() }),
  env: z.unknown(),
  replayPosition: z.int().nonnegative(),
  waiting: nStepStateSchema.default([]),
})

/** What one decision brought. */
export interface Decision {
  /** Environment steps made in all. */
  readonly step: number
  /** Return of the episode this decision ended. */
  readonly episodeReturn: number | undefined
  /** Metrics of the update, unread; none while only collecting. */
  readonly metrics: Readonly<Record<string, HostTensor>> | undefined
}

/** A run in memory: environment, replay and learner, advanced a decision at a time. */
export interface Experiment {
  readonly learner: Learner
  readonly step: number
  readonly updates: number
  /** Time spent in updates since it was set up. */
  readonly updateSeconds: number
  decide(): Promise<Decision>
  /** Everything needed to go on bit for bit. @throws RevflowError (`diverged`) where that would go on with NaN */
  save(): CheckpointData
  /** Takes a snapshot over. @throws ZodError or RevflowError where it is not one of this configuration */
  restore(data: CheckpointData): void
  close(): Promise<void>
}

/** Sets a run up at its beginning: act, store, learn (Algorithm 1). @throws RevflowError (`engine-missing`) */
export async function createExperiment(config: RunConfig): Promise<Experiment> {
  const { seed, actionRepeat } = config
  await prepareEngine(config.engine)
  const env = await makeRunEnv(config, seed)
  const spaces = { observationSize: env.observationSpace.size, actionSize: env.actionSpace.size }
  const learner = createLearner(config, spaces)
  const replay = createReplay({ capacity: Math.min(config.replayCapacity, config.steps), ...spaces })
  const nStep = createNStep(learner.nStep)
  const batch = batchBuffers(learner.batchSize, spaces)
  let rng = {
    replay: createRng(seed, 'replay'),
    explore: createRng(seed, 'explore'),
    pink: config.exploration === 'pink' ? createPinkNoise(createRng(seed, 'pink')) : undefined,
  }
  let observation: Float32Array = Float32Array.from(env.reset().observation)
  let updateSeconds = 0
  let counters = { step: 0, updates: 0, episodes: 0, episodeReturn: 0 }

  const choose = async () => {
    const pink = rng.pink?.decision()
    if (counters.step >= config.randomSteps) return learner.act('explore', observation, pink)
    const action = new Float32Array(spaces.actionSize)
    if (config.randomActions === 'corners') return action.map(() => (rng.explore.uniform() < 0.5 ? -1 : 1))
    return (pink ?? rng.explore).fillUniform(action, -1, 1)
  }

  const learn = async () => {
    if (counters.step < config.randomSteps || replay.size < 2) return undefined
    let metrics: Decision['metrics']
    for (let i = 0; i < config.updatesPerDecision; i++) {
      replay.sample(rng.replay, learner.batchSize, batch.arrays)
      const start = performance.now()
      metrics = await learner.update(batch.tensors)
      updateSeconds += (performance.now() - start) / 1000
      counters.updates += 1
    }
    return metrics
  }

  return {
    learner,
    get step() {
      return counters.step
    },
    get updates() {
      return counters.updates
    },
    get updateSeconds() {
      return updateSeconds
    },
    async decide() {
      const action = await choose()
      checkLearned('action', action)
      const result = env.step(toBounds(action, env))
      const nextObservation = Float32Array.from(result.observation)
      checkGiven(config.task, 'observation', nextObservation)
      checkGiven(config.task, 'reward', [result.reward])
      counters.step += actionRepeat
      counters.episodeReturn += result.reward
      const { reward, terminated } = result
      const ended = terminated || result.truncated
      for (const made of nStep.add({ observation, action, reward, nextObservation, terminated }, ended))
        replay.add(made)
      if (ended && replay.size === 0) throw shorterThanN(learner.nStep.steps, counters.step / actionRepeat)
      const episodeReturn = ended ? counters.episodeReturn : undefined
      observation = ended ? Float32Array.from(env.reset().observation) : nextObservation
      if (ended) counters = { ...counters, episodeReturn: 0, episodes: counters.episodes + 1 }
      return { step: counters.step, episodeReturn, metrics: await learn() }
    },
    save() {
      const learned = learner.save()
      for (const [path, { data }] of learned.tensors) checkLearned(path, data)
      const held = replay.state()
      const envState = env.getState()
      return {
        tensors: {
          ...Object.fromEntries(learned.tensors.map(([path, tensor]) => [`agent/${path}`, toCheckpoint(tensor)])),
          ...Object.fromEntries(
            Object.entries(held.arrays).map(([key, data]) => [
              `replay/${key}`,
              { dtype: 'F32' as const, shape: [data.length], data },
            ]),
          ),
          'env/state': { dtype: 'F64', shape: [envState.values.length], data: envState.values },
          'env/observation': { dtype: 'F32', shape: [observation.length], data: observation },
        },
        meta: {
          ...counters,
          learner: learned.meta,
          rng: { replay: rng.replay.state(), explore: rng.explore.state(), pink: rng.pink?.state() },
          env: envState.meta,
          replayPosition: held.position,
          waiting: nStep.state(),
        },
      }
    },
    restore({ tensors, meta: raw }) {
      const meta = metaSchema.parse(raw)
      const agent = Object.entries(tensors).flatMap(([path, tensor]) =>
        path.startsWith('agent/') ? [[path.slice('agent/'.length), fromCheckpoint(tensor)] as const] : [],
      )
      learner.restore(agent, meta.learner)
      const field = (key: keyof ReplayBatch) => tensors[`replay/${key}`]!.data as Float32Array
      replay.restore({
        arrays: {
          observation: field('observation'),
          action: field('action'),
          reward: field('reward'),
          nextObservation: field('nextObservation'),
          terminated: field('terminated'),
        },
        position: meta.replayPosition,
      })
      nStep.restore(meta.waiting)
      env.setState({ values: tensors['env/state']!.data as Float64Array, meta: meta.env } as EnvState)
      observation = (tensors['env/observation']!.data as Float32Array).slice()
      const { replay: sampling, explore, pink } = meta.rng
      rng = { replay: restoreRng(sampling), explore: restoreRng(explore), pink: pink && restorePinkNoise(pink) }
      const { step, updates, episodes, episodeReturn } = meta
      counters = { step, updates, episodes, episodeReturn }
    },
    async close() {
      env.close()
      await learner.dispose()
    },
  }
}

const shorterThanN = (steps: number, decisions: number) =>
  new RevflowError({
    code: 'invalid-option',
    path: 'config.options.nStep',
    expected: `at most the decisions of an episode, ${decisions}`,
    received: `${steps}`,
  })

/** From [−1, 1] to the environment's bounds. */
export function toBounds(action: Float32Array, { actionSpace: { low, high } }: Pick<Env, 'actionSpace'>): Float32Array {
  return action.map((a, i) => low[i]! + ((a + 1) / 2) * (high[i]! - low[i]!))
}

function batchBuffers(n: number, { observationSize, actionSize }: { observationSize: number; actionSize: number }) {
  const vector = () => HostTensor.from(new Float32Array(n))
  const tensors = {
    observation: HostTensor.from(new Float32Array(n * observationSize), [n, observationSize]),
    action: HostTensor.from(new Float32Array(n * actionSize), [n, actionSize]),
    reward: vector(),
    nextObservation: HostTensor.from(new Float32Array(n * observationSize), [n, observationSize]),
    terminated: vector(),
  }
  const arrays = Object.fromEntries(Object.entries(tensors).map(([key, { data }]) => [key, data]))
  return { tensors, arrays: arrays as unknown as ReplayBatch }
}
