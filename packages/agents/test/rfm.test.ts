import { createRequire } from 'node:module'
import { dirname, sep } from 'node:path'
import { type AgentState, agents, createAgent, rfm } from '@revflow/agents'
import { knownCritics } from '@revflow/agents/testing'
import { createRng, drawNoise, flattenTree, mapTree, type Tree } from '@revflow/core'
import { HostTensor, jit } from '@revflow/jit'
import { listEstimators } from '@revflow/stein'
import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { beforeAll, describe, expect, it } from 'vitest'
import { temperatureRule } from '../src/temperature.ts'
import { difference, SPACES, setUp, threeUpdates, type Update } from './harness.ts'

beforeAll(async () => {
  setWasmPaths(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep)
  await tf.setBackend('cpu')
})

describe('rfm', () => {
  const variants = [
    ...listEstimators().map(({ name }) => [name, { estimator: name }] as const),
    ['fixed temperature, online critics', { temperature: { kind: 'fixed', value: 0.2 }, criticsForPolicy: 'online' }],
    [
      'best of four backed up, half of the noised actions its own',
      // Adam's first steps are of the learning rate whatever the gradient: a small one, lest rounding turn steps about
      { backup: 'best', ownActions: 0.5, actorLearningRate: 1e-5 },
    ],
    [
      'two steps of the policy an update, which acts by its running mean',
      {
        estimator: 'rfm-pool',
        noisyActions: 4,
        actorSteps: 2,
        actorAverage: 0.9,
        policyEvery: 2,
        actorLearningRate: 1e-5,
      },
    ],
    ['mish, no LayerNorm', { actorActivation: 'mish', criticActivation: 'gelu', criticLayerNorm: false }],
  ] as const
  it.each(variants)('updates alike compiled, on cpu and on wasm: %s', async (name, options) => {
    // moves of a chain carry rounding on
    const tolerance = ['smc', 'mala', 'hmc'].includes(name) ? 1e-3 : 1e-4
    const problem = setUp('rfm', options)
    const compiled = await threeUpdates(problem, 'onnx')
    const cpu = await threeUpdates(problem, 'eager')
    await tf.setBackend('wasm')
    const wasm = await threeUpdates(problem, 'eager')
    await tf.setBackend('cpu')
    expect(difference(compiled, cpu)).toBeLessThan(tolerance)
    expect(difference(wasm, cpu)).toBeLessThan(tolerance)
  })

  it('learns the Boltzmann distribution of a bandit with two modes', async () => {
    // one state, Q(a) = 4·exp(−8(a − ½)²) + 4·exp(−8(a + ½)²) given as the reward of terminal transitions
    const q = (a: number) => 4 * Math.exp(-8 * (a - 0.5) ** 2) + 4 * Math.exp(-8 * (a + 0.5) ** 2)
    const temperature = 1
    const algorithm = createAgent(
      agents,
      'rfm',
      {
        hidden: [64, 64],
        batchSize: 128,
        actorBatchSize: 128,
        candidates: 16,
        odeSteps: 20,
        temperature: { kind: 'fixed', value: temperature },
        targetRate: 0.05,
      },
      { observationSize: 1, actionSize: 1 },
    )
    const update = jit(algorithm.update, { donate: [0] }) as unknown as Update
    let state = mapTree<tf.Tensor, HostTensor>(
      (tensor) => new HostTensor(tensor.dtype as 'float32', tensor.shape, tensor.dataSync<'float32'>().slice()),
      algorithm.init(createRng(0)),
    )
    const rng = createRng(5)
    const zeros = HostTensor.from(new Float32Array(128), [128, 1])
    const specs = Object.entries(algorithm.noise.update)
    for (let i = 0; i < 3000; i++) {
      const action = rng.fillUniform(new Float32Array(128), -1, 1)
      const batch = {
        observation: zeros,
        action: HostTensor.from(action, [128, 1]),
        reward: HostTensor.from(action.map(q)),
        nextObservation: zeros,
        terminated: HostTensor.from(new Float32Array(128).fill(1)),
      }
      const drawn = specs.map(([name, spec]) => [name, HostTensor.from(drawNoise(rng, spec), spec.shape)])
      state = (await update(state, batch, Object.fromEntries(drawn))).state
    }
    const n = 4000
    const act = jit((s: AgentState, o: tf.Tensor2D, x0: tf.Tensor) => algorithm.act('sample', s, o, { x0 }))
    const x0 = HostTensor.from(createRng(6).fillNormal(new Float32Array(n)), [n, 1])
    const sample = (await act(state as never, HostTensor.from(new Float32Array(n), [n, 1]), x0)).data as Float32Array
    const grid = Array.from({ length: 2000 }, (_, i) => -1 + (i + 0.5) / 1000)
    const total = grid.reduce((sum, a) => sum + Math.exp(q(a) / temperature), 0)
    const cdf = (a: number) => grid.reduce((sum, g) => sum + (g <= a ? Math.exp(q(g) / temperature) : 0), 0) / total
    const right = sample.filter((a) => a > 0).length / n
    expect(Math.abs(right - 0.5)).toBeLessThan(0.08)
    for (const a of [-0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75])
      expect(Math.abs(sample.filter((s) => s <= a).length / n - cdf(a)), `share below ${a}`).toBeLessThan(0.08)
  }, 300_000)

  it('backs up the entropy of its policy (Remark 6), in closed form', () => {
    // a network of zeros leaves the noise where it is: π = N(0, 1) in each of two coordinates; Q is 3 everywhere
    const [batchSize, samples, lambda, discount] = [512, 4, 0.4, 0.9]
    const entropy = Math.log(2 * Math.PI * Math.E)
    for (const divergence of ['exact', 'hutchinson']) {
      const options = {
        batchSize,
        discount,
        hidden: [4],
        entropy: { samples, divergence },
        temperature: { kind: 'fixed', value: lambda },
      }
      tf.tidy(() => {
        const critics = knownCritics((_, action) => tf.add(3, tf.mul(0, tf.sum(action, -1))))
        const algorithm = createAgent(agents, 'rfm', options, { observationSize: 1, actionSize: 2 }, critics)
        const state = algorithm.init(createRng(1))
        const rng = createRng(4)
        const specs = Object.entries(algorithm.noise.update)
        const drawn = specs.map(([name, spec]) => [name, tf.tensor(drawNoise(rng, spec), [...spec.shape])])
        const { metrics } = algorithm.update(
          { ...state, actor: mapTree((leaf: tf.Tensor) => tf.zerosLike(leaf), state.actor!) },
          {
            observation: tf.zeros([batchSize, 1]),
            action: tf.zeros([batchSize, 2]),
            reward: tf.ones([batchSize]),
            nextObservation: tf.zeros([batchSize, 1]),
            terminated: tf.zeros([batchSize]),
          },
          Object.fromEntries(drawn),
        )
        // −log π has a deviation of 1: four standard errors of the mean
        const error = 4 / Math.sqrt(batchSize * samples)
        expect(Math.abs(metrics.entropy!.dataSync()[0]! - entropy)).toBeLessThan(error)
        const target = metrics.targetValue!.dataSync()[0]!
        expect(Math.abs(target - (1 + discount * (3 + lambda * entropy)))).toBeLessThan(discount * lambda * error)
      })
    }
  })

  it('backs up the value of the action that its rule names, in closed form', () => {
    // a network of zeros leaves the noise where it is: π = N(0, 1) clipped to [−1, 1]; Q(s, a) = a
    const [batchSize, bestOf] = [4096, 4]
    const value = (options: object) =>
      tf.tidy(() => {
        const given = { ...options, batchSize, bestOf, hidden: [4], discount: 1 }
        const critics = knownCritics((_, action) => tf.sum(action, -1))
        const algorithm = createAgent(agents, 'rfm', given, { observationSize: 1, actionSize: 1 }, critics)
        const state = algorithm.init(createRng(1))
        const rng = createRng(4)
        const specs = Object.entries(algorithm.noise.update)
        const drawn = specs.map(([name, spec]) => [name, tf.tensor(drawNoise(rng, spec), [...spec.shape])])
        const zeros = (...shape: number[]) => tf.zeros(shape) as never
        const batch = { observation: zeros(batchSize, 1), action: zeros(batchSize, 1), reward: zeros(batchSize) }
        const { metrics } = algorithm.update(
          { ...state, actor: mapTree((leaf: tf.Tensor) => tf.zerosLike(leaf), state.actor!) },
          { ...batch, nextObservation: zeros(batchSize, 1), terminated: zeros(batchSize) },
          Object.fromEntries(drawn),
        )
        return metrics.targetValue!.dataSync()[0]!
      })
    expect(value({ backup: 'mode' })).toBe(0)
    // a clipped draw has a deviation of 0.72, the best of four one of 0.5: four standard errors of the mean
    expect(Math.abs(value({}))).toBeLessThan((4 * 0.72) / Math.sqrt(batchSize))
    // E max of n clipped draws = 1 − ∫ Φ(x)^n dx over [−1, 1]
    const x = tf.linspace(-1, 1, 2001)
    const phi = tf.mul(0.5, tf.add(1, tf.erf(tf.div(x, Math.SQRT2))))
    const integral = 2 * tf.mean(tf.pow(phi, bestOf)).dataSync()[0]!
    const error = (4 * 0.5) / Math.sqrt(batchSize)
    expect(Math.abs(value({ backup: 'best' }) - (1 - integral))).toBeLessThan(error)
    expect(() => setUp('rfm', { backup: 'best', entropy: {} })).toThrow('expected none beside the option entropy')
  })

  it('noises its own actions for the share asked for, those of replay for the rest', () => {
    const loss = (ownActions: number | undefined, changed: number) =>
      tf.tidy(() => {
        const [batchSize, n] = [8, 4]
        const options = { batchSize, actorBatchSize: n, noisyActions: 2, hidden: [8], candidates: 4 }
        const critics = knownCritics((_, action) => tf.neg(tf.sum(tf.square(action), -1)))
        const given = { ...options, ...(ownActions && { ownActions }) }
        const algorithm = createAgent(agents, 'rfm', given, { observationSize: 1, actionSize: 2 }, critics)
        const action = tf.tensor2d(Array.from({ length: batchSize }, (_, i) => (i === changed ? [0.9, -0.9] : [0, 0])))
        const drawn = Object.entries(algorithm.noise.update).map(([name, spec], i) => {
          const given = tf.tensor(drawNoise(createRng(i), spec), [...spec.shape])
          return [name, name === 't' ? tf.onesLike(given).mul(0.5) : given]
        })
        const zeros = (...shape: number[]) => tf.zeros(shape) as never
        const batch = { observation: zeros(batchSize, 1), nextObservation: zeros(batchSize, 1), action }
        const rest = { reward: zeros(batchSize), terminated: zeros(batchSize) }
        const state = algorithm.init(createRng(1))
        return algorithm
          .update(state, { ...batch, ...rest }, Object.fromEntries(drawn))
          .metrics.actorLoss!.dataSync()[0]!
      })
    // an action of the first, the second half of the states that the policy learns from, none
    const depends = (share?: number) => [0, 2].map((row) => loss(share, row) !== loss(share, -1))
    expect(depends()).toEqual([true, true])
    expect(depends(0.5)).toEqual([false, true])
    expect(depends(1)).toEqual([false, false])
  })

  it('takes n steps an update, each on its own noisy action of every transition', () => {
    // the candidates of `qne` are those of one noisy action, so two steps of one update are two updates of one step
    const [n, options] = [6, { estimator: 'qne', temperature: { kind: 'fixed' }, hidden: [8], candidates: 4 }]
    const critics = knownCritics((_, action) => tf.neg(tf.sum(tf.square(action), -1)))
    const agent = (given: object) =>
      createAgent(agents, 'rfm', { ...options, batchSize: n, actorBatchSize: n, ...given }, SPACES, critics)
    tf.tidy(() => {
      const [both, single] = [agent({ noisyActions: 2, actorSteps: 2 }), agent({})]
      const drawn = Object.entries(both.noise.update).map(([name, spec], i) => {
        const tensor = tf.tensor(drawNoise(createRng(i), spec), [...spec.shape])
        // of two noisy actions the times of the first are in [0, ½), of the second in [½, 1)
        return [name, tensor, name === 't' ? tensor.add(tf.tile(tf.tensor1d([0, 1]), [n])).div(2) : tensor] as const
      })
      const [observation, nextObservation] = [tf.randomNormal([n, 5], 0, 1, 'float32', 1), tf.zeros([n, 5])] as never[]
      const action = tf.randomUniform([n, 3], -1, 1, 'float32', 2) as tf.Tensor2D
      const [reward, terminated] = [tf.zeros([n]), tf.zeros([n])] as never[]
      const batch = { observation, nextObservation, action, reward, terminated } as never
      const state = both.init(createRng(1))
      const together = both.update(state, batch, Object.fromEntries(drawn.map(([name, tensor]) => [name, tensor])))
      const part = (i: number) =>
        Object.fromEntries(
          drawn.map(([name, , timed]) => {
            if (timed.shape[0] !== 2 * n) return [name, timed]
            return [name, tf.gather(timed, tf.range(i, 2 * n, 2, 'int32'))]
          }),
        )
      const first = single.update(state, batch, part(0))
      const second = single.update(first.state, batch, part(1))
      const weights = ({ actor }: AgentState) =>
        flattenTree(actor as Tree<tf.Tensor>).flatMap(([, leaf]) => [...leaf.dataSync()])
      const distance = (a: number[], b: number[]) => a.reduce((sum, v, i) => sum + Math.abs(v - b[i]!), 0) / a.length
      const [one, two] = [weights(first.state), weights(second.state)]
      // kernels round differently for other numbers of rows, and Adam's first steps are of the rate whatever the gradient
      expect(distance(weights(together.state), two)).toBeLessThan(0.01 * distance(one, two))
      const loss = ({ metrics }: typeof first) => metrics.actorLoss!.dataSync()[0]!
      expect(loss(together)).toBeCloseTo((loss(first) + loss(second)) / 2, 5)
    })
    expect(() => agent({ noisyActions: 8, actorSteps: 7 })).toThrow(
      'agent.actorSteps: expected a divisor of noisyActions, 8, received 7; did you mean 8?',
    )
  })

  it('refuses an estimator that needs bounds where there are none', () => {
    expect(() => setUp('rfm', { bounded: false })).toThrow(
      "agent.estimator: expected one for targets without bounds, where bounded is false, received 'rfm-box'; did you mean 'rfm'?",
    )
    expect(() => setUp('rfm', { bounded: false, estimator: 'rfm' })).not.toThrow()
  })

  it('acts and backs up by the running mean of its weights', () => {
    const { algorithm, ...given } = setUp('rfm', { actorAverage: 0.75 })
    const { algorithm: without } = setUp('rfm', {})
    tf.tidy(() => {
      const eager = <T>(tree: Tree<HostTensor>) =>
        mapTree(({ data, shape, dtype }: HostTensor) => tf.tensor(data, [...shape], dtype), tree) as T
      const [state, batch, noise] = [
        eager<AgentState>(given.state),
        eager<never>(given.batch),
        eager<never>(given.noise),
      ]
      const leaves = (tree: unknown) => flattenTree(tree as Tree<tf.Tensor>).flatMap(([, leaf]) => [...leaf.dataSync()])
      expect(leaves(state.actorMean)).toEqual(leaves(state.actor))
      const { state: next } = algorithm.update(state, batch, noise)
      const [before, learned, mean] = [state.actor, next.actor, next.actorMean].map(leaves)
      for (const [i, value] of mean!.entries()) expect(value).toBeCloseTo(0.75 * before![i]! + 0.25 * learned![i]!, 6)
      const { observation } = batch as { observation: tf.Tensor2D }
      const { actorMean, ...rest } = next
      const byMean = { ...rest, actor: actorMean! }
      expect(leaves({ a: algorithm.act('mode', next, observation, {}) })).toEqual(
        leaves({ a: without.act('mode', byMean, observation, {}) }),
      )
      const target = (result: ReturnType<typeof algorithm.update>) => result.metrics.targetValue!.dataSync()[0]!
      expect(target(algorithm.update(next, batch, noise))).toBe(target(without.update(byMean, batch, noise)))
      expect(target(algorithm.update(next, batch, noise))).not.toBe(target(without.update(rest, batch, noise)))
    })
  })

  it('learns the same in the data view, to the bit', async () => {
    const [noiseView, dataView] = [setUp('rfm-paper', {}), setUp('rfm-data', {})]
    expect(difference(await threeUpdates(noiseView, 'onnx'), await threeUpdates(dataView, 'onnx'))).toBe(0)
  })

  it('steers λ no lower than 1e-6, though its target be out of reach', () => {
    tf.tidy(() => {
      const rule = temperatureRule({ kind: 'ess', target: 0.4, initial: 0.1, rate: 1 })
      const measured = { spread: tf.scalar(0), effectiveShare: tf.scalar(1) }
      let memory = rule.init()
      for (let i = 0; i < 300; i++) memory = rule.next(memory, measured)
      expect(rule.lambda(memory, tf.scalar(300)).dataSync()[0]! / 1e-6).toBeCloseTo(1, 3)
    })
  })

  it('names unknown agents, options and estimators', () => {
    expect(() => createAgent(agents, 'rfn', {}, SPACES)).toThrow("did you mean 'rfm'?")
    expect(() => createAgent(agents, 'rfm', { candidate: 3 }, SPACES)).toThrow("did you mean 'candidates'?")
    expect(() => createAgent(agents, 'rfm', { estimator: 'rfm-boks' }, SPACES)).toThrow("did you mean 'rfm-box'?")
    expect(rfm.config.parse({}).candidates).toBe(16)
  })
})
