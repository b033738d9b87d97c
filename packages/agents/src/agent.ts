import { lookUp, type NoiseSpecs, parseOptions, type Rng, type Tree } from '@revflow/core'
import type { NStepOptions, TwinCritics } from '@revflow/rl'
import type * as tf from '@tensorflow/tfjs-core'
import type { z } from 'zod'

/** What an agent has to know of an environment. Actions are scaled to [−1, 1] in each coordinate. */
export interface Spaces {
  /** S, numbers in an observation. */
  readonly observationSize: number
  /** A, numbers in an action. */
  readonly actionSize: number
}

/** A batch of B transitions from replay. */
export interface Batch {
  /** s, [B, S] */
  readonly observation: tf.Tensor2D
  /** a, [B, A], in [−1, 1] */
  readonly action: tf.Tensor2D
  /** r, [B], or what n decisions brought, Σ_{i<n} γ^i r_i */
  readonly reward: tf.Tensor1D
  /** s', [B, S], after them */
  readonly nextObservation: tf.Tensor2D
  /** 1 where the episode ended in a terminal state, else 0 (a time limit is not an end), [B] */
  readonly terminated: tf.Tensor1D
}

/** What an update reports, by the names that the agent's `metrics` explain: numbers, []. */
export type Metrics = Readonly<Record<string, tf.Scalar>>
/** Random numbers that a call consumes, by name, as the algorithm's `noise` specifies them. */
export type Noise = Readonly<Record<string, tf.Tensor>>
/** Everything an agent remembers: nested plain records of tensors. */
export type AgentState = Readonly<Record<string, Tree<tf.Tensor>>>

/**
 * How an action is chosen. `sample`: one draw from the policy; `mode`: its noise-free action; `best`: the best draw of
 * several by the critics; `explore`: as the agent's option `exploration` says, while data is collected.
 */
export type ActionRule = 'sample' | 'mode' | 'best' | 'explore'

/** What an update costs, to set results against. */
export interface UpdateCost {
  /** State-action pairs put through both critics, counted 1 for a value and 2 for a value with a gradient. */
  readonly criticEvaluations: number
  /**
   * Inputs put through the policy network, counted alike: a step of the sampler 1, with log π besides 2 for each gradient
   * of its divergence (A of them for the exact one, one for Hutchinson's), a guess to propose around 1, learning 2.
   */
  readonly policyEvaluations: number
}

/** An algorithm set up for one environment: pure functions of explicit state. */
export interface Algorithm<State extends AgentState> {
  init(rng: Rng): State
  /** Noise that `act` needs for N observations, and `update`. */
  readonly noise: { act(rule: ActionRule, n: number): NoiseSpecs; readonly update: NoiseSpecs }
  /** Transitions an update takes. */
  readonly batchSize: number
  /** How many decisions make a transition, and γ for each: a batch has their discounted rewards and the state after them. */
  readonly nStep: NStepOptions
  readonly cost: UpdateCost
  /** Actions [N, A] in [−1, 1] for observations [N, S]. */
  act(rule: ActionRule, state: State, observation: tf.Tensor2D, noise: Noise): tf.Tensor2D
  /** One step of learning. */
  update(state: State, batch: Batch, noise: Noise): { state: State; metrics: Metrics }
}

/** A reinforcement-learning agent: a name, options, and the algorithm they make. */
export interface Agent<Schema extends z.ZodType = z.ZodType, State extends AgentState = AgentState> {
  readonly name: string
  /** The paper it implements. */
  readonly reference: string
  /** What it regresses on and how it acts, in a few sentences of Markdown. */
  readonly description: string
  /** Where it departs from what its reference publishes, a sentence each. */
  readonly deviations: readonly string[]
  /** The scalars an update returns, each with its formula. */
  readonly metrics: Readonly<Record<string, string>>
  readonly config: Schema
  /** @param critics in place of the twin networks, for problems whose Q is known */
  create(config: z.output<Schema>, spaces: Spaces, critics?: TwinCritics): Algorithm<State>
}

/** Declares an agent; the types of its options and state are inferred. */
export function defineAgent<Schema extends z.ZodType, State extends AgentState>(
  agent: Agent<Schema, State>,
): Agent<Schema, State> {
  return agent
}

/**
 * Sets an agent up by name, from options as a user wrote them.
 * @throws RevflowError (`unknown-name`, `unknown-option`, `invalid-option`)
 */
export function createAgent(
  agents: Readonly<Record<string, Agent>>,
  name: string,
  options: unknown,
  spaces: Spaces,
  critics?: TwinCritics,
): Algorithm<AgentState> {
  const agent = lookUp('agent', name, agents)
  return agent.create(parseOptions(agent.config, options ?? {}, 'agent'), spaces, critics)
}
