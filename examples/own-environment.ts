// Reverse Flow Matching on an environment of one's own, made of the packages: act, store, learn.
//   npx -y pnpm@12 example examples/own-environment.ts
// The same with curves, checkpoints and resuming: npx -y pnpm@12 train examples/puck.js
import { agents, createAgent } from '@revflow/agents'
import { createRng, drawNoise, type NoiseSpecs } from '@revflow/core'
import { makeEnv } from '@revflow/envs'
import { type HostArgument, HostTensor, jit } from '@revflow/jit'
import { createReplay } from '@revflow/rl'
import * as tf from '@tensorflow/tfjs'

await tf.ready()
const env = await makeEnv(new URL('puck.js', import.meta.url))
const spaces = { observationSize: env.observationSpace.size, actionSize: env.actionSpace.size }
const options = { hidden: [32, 32], candidates: 8, odeSteps: 5, batchSize: 64, discount: 0.95 }
const agent = createAgent(agents, 'rfm', options, spaces)
type State = ReturnType<typeof agent.init>

const update = jit(agent.update, { donate: [0] })
const act = jit((state: State, observation: tf.Tensor2D, noise: Record<string, tf.Tensor>) =>
  agent.act('explore', state, observation, noise),
)
const replay = createReplay({ capacity: 10_000, ...spaces })
const rng = createRng(0)
/** All randomness is drawn here, and is an input of what is compiled. */
const draw = (specs: NoiseSpecs) =>
  Object.fromEntries(Object.entries(specs).map(([name, s]) => [name, HostTensor.from(drawNoise(rng, s), s.shape)]))

const steps = Number(process.env.STEPS ?? 3000)
const every = steps / 6
let state: HostArgument<State> = agent.init(rng)
let { observation } = env.reset()
let total = 0
for (let step = 1; step <= steps; step++) {
  const s = HostTensor.from(observation, [1, spaces.observationSize])
  const { data: action } = await act(state, s, draw(agent.noise.act('explore', 1)))
  // actions are in [−1, 1], as the bounds of this environment are
  const { observation: nextObservation, reward, terminated, truncated } = env.step(action)
  replay.add({ observation, action, reward, nextObservation, terminated })
  observation = terminated || truncated ? env.reset().observation : nextObservation

  const { batchSize: n } = agent
  const drawn = replay.sample(rng, n)
  const batch = {
    observation: HostTensor.from(drawn.observation, [n, spaces.observationSize]),
    action: HostTensor.from(drawn.action, [n, spaces.actionSize]),
    reward: HostTensor.from(drawn.reward),
    nextObservation: HostTensor.from(drawn.nextObservation, [n, spaces.observationSize]),
    terminated: HostTensor.from(drawn.terminated),
  }
  state = (await update(state, batch, draw(agent.noise.update))).state

  total += reward
  if (step % every !== 0) continue
  console.log(`step ${step}: mean reward ${(total / every).toFixed(3)} over the last ${every}`)
  total = 0
}
env.close()
