import { createRequire } from 'node:module'
import { dirname, sep } from 'node:path'
import { createRng } from '@revflow/core'
import {
  type EnergyTarget,
  logDensityAt,
  type SdeSolverName,
  sampleAncestral,
  sampleOde,
  sampleOdeAdaptive,
  sampleSde,
  sampleWithLogDensity,
  sdeSolvers,
  trainingFree,
  trainingFreeNoise,
} from '@revflow/flows'
import { gaussian, linearFlow, linearRates, type Schedule, veGeometric, vpDiscrete, vpLinear } from '@revflow/schedules'
import { drawNoiseTensors, listEstimators } from '@revflow/stein'
import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let tensors = 0
beforeEach(async () => {
  await tf.setBackend('cpu')
  tensors = tf.memory().numTensors
})
afterEach(() => expect(tf.memory().numTensors).toBe(tensors))

const numbers = <T>(body: () => T): T => tf.tidy(body as unknown as () => tf.TensorContainer) as T
const average = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length
const variance = (values: ArrayLike<number>) => {
  const mean = average(values)
  return average(Array.from(values, (v) => (v - mean) ** 2))
}

/** X1 ~ N(m, v): the marginals, velocity and score are in closed form. */
const [M, V] = [0.6, 0.25]
function gaussianFlow(schedule: Schedule) {
  const spread = (t: number) => {
    const { alpha, beta } = schedule.at(t)
    return alpha ** 2 * V + beta ** 2
  }
  /** E[X0|x] = β (x − α m)/(α²v + β²), at one time */
  const noise = (x: tf.Tensor2D, t: tf.Tensor1D) => {
    const at = t.dataSync()[0]!
    const { alpha, beta } = schedule.at(at)
    return tf.mul(tf.sub(x, alpha * M), beta / spread(at))
  }
  return {
    spread,
    velocity(x: tf.Tensor2D, t: tf.Tensor1D): tf.Tensor2D {
      const { alpha, beta, alphaDot, betaDot } = schedule.at(t.dataSync()[0]!)
      return tf.add(tf.mul(alphaDot / alpha, x), tf.mul(betaDot - (alphaDot * beta) / alpha, noise(x, t)))
    },
    score: (x: tf.Tensor2D, t: tf.Tensor1D): tf.Tensor2D =>
      tf.div(tf.sub(schedule.at(t.dataSync()[0]!).alpha * M, x), spread(t.dataSync()[0]!)),
  }
}

describe('sampleOdeAdaptive', () => {
  const problem = {
    velocity: (x: tf.Tensor2D, t: tf.Tensor1D) => tf.mul(x, tf.add(1, tf.expandDims(t, 1))) as tf.Tensor2D,
  }

  it('keeps to its tolerance with fewer evaluations where less is asked', async () => {
    const x0 = tf.tensor2d([[1], [-2]])
    const run = async (relativeTolerance: number) => {
      const { x, ...counts } = await sampleOdeAdaptive({ ...problem, x0, relativeTolerance, absoluteTolerance: 1e-7 })
      const [a, b] = x.dataSync() as unknown as [number, number]
      x.dispose()
      expect(counts.evaluations).toBe(1 + 6 * (counts.accepted + counts.rejected))
      return { error: Math.max(Math.abs(a - Math.exp(1.5)), Math.abs(b + 2 * Math.exp(1.5))), ...counts }
    }
    const [loose, tight] = [await run(1e-2), await run(1e-5)]
    expect(tight.error).toBeLessThan(1e-4)
    expect(loose.error).toBeLessThan(5e-2)
    expect(loose.evaluations).toBeLessThan(tight.evaluations)
    x0.dispose()
  })

  it('reaches the closed form of a Gaussian flow, and gives up where it is told to', async () => {
    const x0 = tf.tensor2d([[-1], [0.5]])
    const { velocity, spread } = gaussianFlow(linearFlow())
    const options = { velocity, x0, from: 0.01, to: 1, relativeTolerance: 1e-5 }
    const { x } = await sampleOdeAdaptive(options)
    const start = Math.sqrt(spread(0.01))
    for (const [i, z] of [-1, 0.5].entries())
      expect(x.dataSync()[i]).toBeCloseTo(M + (Math.sqrt(V) * (z - 0.01 * M)) / start, 3)
    await expect(sampleOdeAdaptive({ ...options, maxSteps: 2 })).rejects.toThrow('expected to reach t = 1 in 2 steps')
    tf.dispose([x0, x])
  })
})

describe('sampleSde', () => {
  it.each(Object.values(sdeSolvers))('$name converges weakly with its declared order $order', ({ name, order }) => {
    // mean and variance at t = 1 of dX = −2X dt + (1 + t) dW from X = 1, by adding up each kick's share: the step is affine
    const solver = name as SdeSolverName
    const moments = (steps: number) =>
      numbers(() => {
        const run = (x: number, kick: number) => {
          const z = new Float32Array(steps)
          if (kick >= 0) z[kick] = 1
          const options = {
            velocity: (y: tf.Tensor2D) => tf.mul(-2, y) as tf.Tensor2D,
            score: (y: tf.Tensor2D) => tf.zerosLike(y),
            sigma: (t: number) => 1 + t,
            solver,
          }
          return sampleSde({ ...options, x0: tf.tensor2d([[x]]), noise: tf.tensor3d(z, [steps, 1, 1]) }).dataSync()[0]!
        }
        const kicks = Array.from({ length: steps }, (_, i) => run(0, i) ** 2)
        return { mean: run(1, -1), variance: kicks.reduce((a, b) => a + b) }
      })
    // ∫ e^{−4(1−t)} (1+t)² dt over [0, 1]
    const exact = {
      mean: Math.exp(-2),
      variance: ((t) => t(1) - t(0) * Math.exp(-4))((t: number) => (1 + t) ** 2 / 4 - (1 + t) / 8 + 1 / 32),
    }
    const [coarse, fine] = [moments(16), moments(32)]
    for (const key of ['mean', 'variance'] as const) {
      const measured = Math.log2(Math.abs(coarse[key] - exact[key]) / Math.abs(fine[key] - exact[key]))
      expect(Math.abs(measured - order), key).toBeLessThan(0.35)
    }
  })

  it.each([
    [0, 1],
    [1, 0],
  ])('keeps a law that does not move, from %d to %d', (from, to) => {
    const [n, steps] = [4000, 50]
    const x = numbers(() =>
      sampleSde({
        velocity: tf.zerosLike,
        score: (y) => tf.neg(y),
        sigma: () => 1,
        x0: tf.tensor2d(createRng(4).fillNormal(new Float32Array(n)), [n, 1]),
        noise: tf.tensor3d(createRng(5).fillNormal(new Float32Array(steps * n)), [steps, n, 1]),
        from,
        to,
      }).dataSync(),
    )
    expect(Math.abs(average(x))).toBeLessThan(4 / Math.sqrt(n))
    expect(Math.abs(variance(x) - 1)).toBeLessThan(4 * Math.sqrt(2 / n) + 0.02)
  })

  it('keeps the marginals whatever σ is, and is the ODE where it is 0', () => {
    const { velocity, score, spread } = gaussianFlow(linearFlow())
    const [n, steps, from, to] = [4000, 60, 0.05, 0.9]
    const end = (sigma: number) =>
      numbers(() => {
        const start = createRng(2)
          .fillNormal(new Float32Array(n))
          .map((z) => from * M + Math.sqrt(spread(from)) * z)
        const noise = tf.tensor3d(createRng(3).fillNormal(new Float32Array(steps * n)), [steps, n, 1])
        const x0 = tf.tensor2d(start, [n, 1])
        if (sigma < 0) return sampleOde({ velocity, x0, from, to, steps, solver: 'heun' }).dataSync()
        return sampleSde({ velocity, score, sigma: () => sigma, x0, noise, from, to, solver: 'heun' }).dataSync()
      })
    for (const sigma of [0.5, 1]) {
      const x = end(sigma)
      expect(Math.abs(average(x) - to * M)).toBeLessThan(4 * Math.sqrt(spread(to) / n) + 0.01)
      expect(Math.abs(variance(x) / spread(to) - 1)).toBeLessThan(4 * Math.sqrt(2 / n) + 0.02)
    }
    const ode = end(-1)
    for (const [i, x] of end(0).entries()) expect(x).toBeCloseTo(ode[i]!, 5)
  })
})

describe('log density along the flow', () => {
  it('is that of the Gaussian it ends in, exactly and on average by Hutchinson', () => {
    numbers(() => {
      const { spread } = gaussianFlow(linearFlow())
      // the velocity of the same flow in two dimensions, linear in x: u = c(t) x + e(t)
      const velocity = (x: tf.Tensor2D, t: tf.Tensor1D) => {
        const at = t.dataSync()[0]!
        const { alpha, beta } = linearFlow().at(at)
        return tf.div(tf.sub(x, tf.mul(tf.sub(x, alpha * M), beta / spread(at))), at) as tf.Tensor2D
      }
      const [from, to] = [0.1, 0.95]
      const law = gaussian({ dim: 2, mean: from * M, scale: Math.sqrt(spread(from)) })
      const options = { velocity, from, to, steps: 40, solver: 'rk4' as const, logProb: law.logProb }
      const x0 = tf.tensor2d([
        [0.3, -1],
        [1.2, 0.1],
      ])
      const { x, logProb } = sampleWithLogDensity({ ...options, x0 })
      const target = gaussian({ dim: 2, mean: to * M, scale: Math.sqrt(spread(to)) })
      const exact = target.logProb(x).dataSync()
      const back = logDensityAt({ ...options, x }).dataSync()
      const signs = [
        [1, 1],
        [1, -1],
      ].map((probe) => {
        const both = tf.tensor2d([probe, probe] as number[][])
        return sampleWithLogDensity({ ...options, x0, probe: both }).logProb.dataSync()
      })
      for (const i of [0, 1]) {
        expect(logProb.dataSync()[i]).toBeCloseTo(exact[i]!, 3)
        expect(back[i]).toBeCloseTo(exact[i]!, 3)
        expect((signs[0]![i]! + signs[1]![i]!) / 2).toBeCloseTo(exact[i]!, 3)
      }
    })
  })
})

/** Two modes of unequal weight in one dimension: ¾ N(−0.5, .15²) + ¼ N(0.5, .15²), as an energy. */
const modes = { left: 0.75, centre: 0.5, scale: 0.15 }
function twoModes(schedule: Schedule, bounded: boolean): EnergyTarget {
  const parts = (x1: tf.Tensor) =>
    tf.stack(
      [
        [modes.left, -modes.centre],
        [1 - modes.left, modes.centre],
      ].map(([w, m]) => tf.add(Math.log(w!), tf.div(tf.square(tf.sub(x1, m!)), -2 * modes.scale ** 2))),
    )
  const logTarget = (x1: tf.Tensor) => tf.squeeze(tf.logSumExp(parts(x1), 0), [-1])
  return {
    schedule,
    source: gaussian({ dim: 1 }),
    ...(bounded && { support: { low: -1, high: 1 } }),
    logTarget,
    logTargetAndGrad: (x1) => {
      const shares = tf.softmax(tf.transpose(parts(x1), [1, 2, 3, 0]))
      const pulls = tf.stack(
        [-modes.centre, modes.centre].map((m) => tf.div(tf.sub(m, x1), modes.scale ** 2)),
        3,
      )
      return { value: logTarget(x1), grad: tf.sum(tf.mul(shares, pulls), 3) }
    },
  }
}

describe('training-free sampling (Remark 5)', () => {
  const n = 300
  // the gradient form multiplies its error by σ²; the surrogate takes time of order K² on this backend
  const CANDIDATES: Readonly<Record<string, number>> = { idem: 4096, 'rfm-surrogate': 16 }
  // dqs is idem and rfm-data is rfm by another name; rfm-mix draws around a policy's guess, and there is no
  // policy; rfm-pool shares candidates, and no two rows ask the same
  const distinct = listEstimators().filter(({ name }) => !['dqs', 'rfm-data', 'rfm-mix', 'rfm-pool'].includes(name))
  beforeEach(async () => {
    setWasmPaths(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep)
    await tf.setBackend('wasm')
    tensors = tf.memory().numTensors
  })
  const noiseOf = (estimator: string, evaluations: number, candidates: number) => {
    const specs = trainingFreeNoise(estimator, { batch: n, candidates, dim: 1 }, evaluations)
    return drawNoiseTensors(createRng(9), specs)
  }
  const normals = (seed: number, ...shape: number[]) =>
    tf.tensor(createRng(seed).fillNormal(new Float32Array(shape.reduce((a, b) => a * b))), shape)
  /** Share and spread of the modes; four standard errors and the steps' own error. */
  const check = (x: ArrayLike<number>) => {
    const left = Array.from(x).filter((v) => v < 0)
    expect(Math.abs(left.length / n - modes.left)).toBeLessThan(
      4 * Math.sqrt((modes.left * (1 - modes.left)) / n) + 0.02,
    )
    expect(Math.abs(average(left) + modes.centre)).toBeLessThan((4 * modes.scale) / Math.sqrt(left.length) + 0.02)
    expect(Math.sqrt(variance(left)) / modes.scale).toBeGreaterThan(0.75)
    expect(Math.sqrt(variance(left)) / modes.scale).toBeLessThan(1.25)
  }

  it.each(distinct.map(({ name, targets }) => [name, targets.includes('bounded')] as const))(
    'by the ODE, %s gives both modes their shares',
    (name, bounded) => {
      const x = numbers(() => {
        // Gaussian proposals without bounds reach the target only where β/α is not far above its width
        const schedule = bounded ? linearFlow({ tMin: 0.05 }) : veGeometric({ sigmaMin: 0.02, sigmaMax: 2 })
        const target = twoModes(schedule, bounded)
        const steps = 24
        const { velocity } = trainingFree({
          target,
          estimator: name,
          noise: noiseOf(name, steps, CANDIDATES[name] ?? (bounded ? 48 : 256)),
        })
        const from = schedule.tMin
        const x0 = tf.mul(schedule.at(from).beta, normals(4, n, 1)) as tf.Tensor2D
        return sampleOde({ velocity, x0, from, to: 1, steps }).dataSync()
      })
      check(x)
    },
    180_000,
  )

  it('by the SDE and by DDPM ancestral steps it does too', () => {
    const sde = numbers(() => {
      const target = twoModes(vpLinear(), true)
      const steps = 60
      const fields = trainingFree({ target, estimator: 'rfm-box', noise: noiseOf('rfm-box', steps, 64) })
      // the noise rate of the schedule itself: the reverse of its forward diffusion
      const sigma = (t: number) => Math.sqrt(0.1 + 19.9 * (1 - t))
      const noise = normals(5, steps, n, 1) as tf.Tensor3D
      return sampleSde({ ...fields, sigma, x0: normals(4, n, 1) as tf.Tensor2D, noise, from: 0, to: 0.99 }).dataSync()
    })
    check(sde)
    const ancestral = numbers(() => {
      const schedule = vpDiscrete({ rates: linearRates({ steps: 40, first: 1e-3, last: 0.3 }) })
      const { data } = trainingFree({
        target: twoModes(schedule, true),
        estimator: 'rfm-box',
        noise: noiseOf('rfm-box', 40, 64),
      })
      const noise = normals(6, 39, n, 1) as tf.Tensor3D
      return sampleAncestral({
        schedule,
        data,
        x0: normals(4, n, 1) as tf.Tensor2D,
        noise,
        support: { low: -1, high: 1 },
      }).dataSync()
    })
    check(ancestral)
  })

  it('ancestral steps ask for the noise they need', () => {
    numbers(() => {
      const schedule = vpDiscrete({ rates: [0.1, 0.2, 0.3] })
      const options = { schedule, data: (x: tf.Tensor2D) => x, x0: tf.zeros([1, 1]) as tf.Tensor2D }
      expect(() => sampleAncestral({ ...options, noise: tf.zeros([3, 1, 1]) })).toThrow('expected 2, received 3')
    })
  })
})
