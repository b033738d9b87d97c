import { createRng } from '@revflow/core'
import { linearFlow, vpCosine } from '@revflow/schedules'
import * as tf from '@tensorflow/tfjs-core'
import { type Estimator, estimatePosteriorMean } from '../estimator.ts'
import type { PosteriorProblem } from '../problem.ts'
import { drawNoiseTensors } from '../proposals/noise.ts'
import { boxProblem, gaussianProblem, type KnownProblem } from './problems.ts'

/** One property that every estimator has; `run` throws an Error that says what was found where it has not. */
export interface ConformanceCheck {
  readonly name: string
  run(): Promise<void> | void
}

/** Compiles a function of tensors, as `jit` of @revflow/jit does; gives the numbers of its results. */
export type Compile = (
  fn: (input: Readonly<Record<string, tf.Tensor>>) => Readonly<Record<string, tf.Tensor>>,
) => (
  input: Readonly<Record<string, tf.Tensor>>,
) => Promise<Readonly<Record<string, { readonly data: ArrayLike<number> }>>>

/** Options of {@link conformanceChecks}. */
export interface ConformanceOptions {
  /** Checks the compiled estimator against the eager one. */
  readonly compile?: Compile
}

/** Repetitions that a mean or a variance of the estimate is taken over. */
const REPETITIONS = 200

/**
 * The properties of a posterior-mean estimator, to be run by any test framework:
 * `it.each(conformanceChecks(mine, { compile: jit }))('$name', ({ run }) => run())`.
 */
export function conformanceChecks(estimator: Estimator, { compile }: ConformanceOptions = {}): ConformanceCheck[] {
  const estimate = estimateBy(compile)
  const known = knownProblems(estimator)
  const easy = known[0]!
  const checks: ConformanceCheck[] = [
    { name: 'has shapes [B, d] and [B], and x = α E[X1|x] + β E[X0|x]', run: () => shapes(estimate, estimator, easy) },
    ...known.map((problem) => ({
      name: `is right: ${problem.name}`,
      run: () => isRight(estimate, estimator, problem),
    })),
    { name: 'has a squared error that falls as 1/K', run: () => rate(estimate, estimator, easy) },
    { name: 'knows its standard error', run: () => standardError(estimate, estimator, easy) },
    { name: 'depends on its noise alone, row by row', run: () => rows(estimate, estimator, easy) },
    {
      name: 'stays finite: K = 1, one dominant weight, equal weights, far x',
      run: () => degenerate(estimate, estimator, easy),
    },
    { name: 'states its cost and its need of gradients', run: () => cost(estimate, estimator, easy) },
    { name: 'leaves no tensor behind', run: () => tensors(estimator, easy) },
  ]
  if (compile) checks.push({ name: 'is the same compiled', run: () => compiled(estimator, easy, compile) })
  return checks
}

function knownProblems({ targets }: Estimator): KnownProblem[] {
  const unbounded = [
    gaussianProblem(linearFlow(), 0.5),
    gaussianProblem(linearFlow(), 0.9),
    gaussianProblem(vpCosine(), 0.6),
  ]
  const bounded = [
    boxProblem(linearFlow(), 0.5, [0.5, -0.3]),
    boxProblem(linearFlow(), 0.1, [0.2, -0.4]),
    boxProblem(linearFlow(), 0.9, [0.1, 0.5]),
    boxProblem(vpCosine(), 0.4, [0.3, 0.1]),
  ]
  return [...(targets.includes('unbounded') ? unbounded : []), ...(targets.includes('bounded') ? bounded : [])]
}

interface Run {
  readonly batch: number
  readonly candidates: number
  readonly seed?: number
}

const noiseFor = (estimator: Estimator, problem: PosteriorProblem, { candidates, seed = 1 }: Run) => {
  const [batch, dim] = problem.x.shape
  return drawNoiseTensors(createRng(seed), estimator.noise({ batch, candidates, dim, source: problem.source }))
}

/** Numbers of an estimate: noise, data and standardError [B][d], ess [B]. */
interface Numbers {
  readonly noise: number[][]
  readonly data: number[][]
  readonly standardError: number[][]
  readonly ess: number[]
}

type Estimate = (estimator: Estimator, known: KnownProblem, run: Run) => Promise<Numbers>

/** Estimates by the current backend, or by a compiled function. */
const estimateBy =
  (compile?: Compile): Estimate =>
  async (estimator, known, run) => {
    const problem = known.problem(run.batch)
    const noise = noiseFor(estimator, problem, run)
    const { x, t } = problem
    const fn = (input: Readonly<Record<string, tf.Tensor>>) => {
      const own = { ...problem, x: input.x as tf.Tensor2D, t: input.t as tf.Tensor1D }
      return tf.tidy(() => {
        const { noise: mean, data, diagnostics } = estimatePosteriorMean(own, { estimator, noise: input })
        return { noise: mean, data, standardError: diagnostics.standardError, ess: diagnostics.ess }
      })
    }
    try {
      const out = compile ? await compile(fn)({ x, t, ...noise }) : readAll(fn({ x, t, ...noise }))
      const rows = ({ data }: { data: ArrayLike<number> }) =>
        Array.from({ length: run.batch }, (_, b) =>
          Array.from(data).slice(b * known.x.length, (b + 1) * known.x.length),
        )
      return {
        noise: rows(out.noise!),
        data: rows(out.data!),
        standardError: rows(out.standardError!),
        ess: Array.from(out.ess!.data),
      }
    } finally {
      tf.dispose([x, t, problem.centre ?? [], ...Object.values(noise)])
    }
  }

function readAll(tensors: Readonly<Record<string, tf.Tensor>>): Record<string, { data: ArrayLike<number> }> {
  const numbers = Object.entries(tensors).map(
    ([name, tensor]) => [name, { data: tensor.dataSync<'float32'>() }] as const,
  )
  tf.dispose(Object.values(tensors))
  return Object.fromEntries(numbers)
}

function expect(condition: boolean, message: string): void {
  if (!condition) throw new Error(message)
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length
const squaredError = (rows: readonly number[][], answer: readonly number[]) =>
  mean(rows.map((row) => mean(row.map((v, j) => (v - answer[j]!) ** 2))))

async function shapes(estimate: Estimate, estimator: Estimator, known: KnownProblem): Promise<void> {
  const { noise, data, standardError, ess } = await estimate(estimator, known, { batch: 3, candidates: 16 })
  for (const [name, value] of Object.entries({ noise, data, standardError }))
    expect(value.length === 3 && value[0]!.length === known.x.length, `${name}: expected [3, ${known.x.length}]`)
  expect(ess.length === 3, 'ess: expected [3]')
  const { alpha, beta } = known.schedule.at(known.t)
  for (const [j, x] of known.x.entries()) {
    const back = alpha * data[0]![j]! + beta * noise[0]![j]!
    expect(Math.abs(back - x) < 1e-4, `α E[X1|x] + β E[X0|x] = ${back}, x = ${x}`)
  }
}

async function isRight(estimate: Estimate, estimator: Estimator, known: KnownProblem): Promise<void> {
  const { noise } = await estimate(estimator, known, { batch: REPETITIONS, candidates: 256 })
  for (const [j, answer] of known.answer.entries()) {
    const values = noise.map((row) => row[j]!)
    const average = mean(values)
    const error = Math.sqrt(mean(values.map((v) => (v - average) ** 2)) / REPETITIONS)
    // 4 standard errors, and the bias of order 1/K that self-normalised weights have
    const margin = 4 * error + 5e-3 * Math.max(1, Math.abs(answer))
    expect(Math.abs(average - answer) <= margin, `coordinate ${j}: mean ${average} ± ${error}, answer ${answer}`)
  }
}

async function rate(estimate: Estimate, estimator: Estimator, known: KnownProblem): Promise<void> {
  const of = async (candidates: number) =>
    squaredError((await estimate(estimator, known, { batch: REPETITIONS, candidates })).noise, known.answer)
  const [few, many] = [await of(64), await of(512)]
  // an eighth, with room for two estimated variances; an estimator without variance is at rounding already
  expect(many <= Math.max(few / 4, 1e-6), `squared error ${few} at K = 64, ${many} at K = 512`)
}

async function standardError(estimate: Estimate, estimator: Estimator, known: KnownProblem): Promise<void> {
  const { noise, standardError: claimed } = await estimate(estimator, known, { batch: REPETITIONS, candidates: 256 })
  const centre = known.x.map((_, j) => mean(noise.map((row) => row[j]!)))
  const [actual, stated] = [
    squaredError(noise, centre),
    squaredError(
      claimed,
      known.x.map(() => 0),
    ),
  ]
  // candidates that spread evenly do better than the independent ones that standard errors are stated for
  const spread = Object.values(estimator.noise({ batch: 1, candidates: 2, dim: 1 })).some(({ law }) => law === 'sobol')
  expect(
    actual < 1e-5 || (stated > actual / 2.5 && (spread || stated < actual * 2.5)),
    `mean square of the standard error ${stated}, variance of the estimate ${actual}`,
  )
}

async function rows(estimate: Estimate, estimator: Estimator, known: KnownProblem): Promise<void> {
  const run = { batch: 4, candidates: 8 }
  const [once, again] = [await estimate(estimator, known, run), await estimate(estimator, known, run)]
  expect(JSON.stringify(once) === JSON.stringify(again), 'the same noise gave another estimate')
  const other = await estimate(estimator, known, { ...run, seed: 2 })
  expect(JSON.stringify(once) !== JSON.stringify(other), 'other noise gave the same estimate')
  // an estimator without variance may give equal means, but not equal errors
  const rowsOf = once.noise.map((row, b) => JSON.stringify([row, once.standardError[b], once.ess[b]]))
  expect(new Set(rowsOf).size === 4, 'rows with their own noise gave the same estimate')
}

async function degenerate(estimate: Estimate, estimator: Estimator, known: KnownProblem): Promise<void> {
  for (const candidates of [1, 2, 16])
    for (const scale of [0, 1, 1e4])
      for (const far of [0, 3]) {
        const steep: KnownProblem = {
          ...known,
          problem(batch) {
            const problem = known.problem(batch)
            const x = tf.add(problem.x, far) as tf.Tensor2D
            problem.x.dispose()
            return {
              ...problem,
              x,
              logTarget: (x1) => tf.mul(scale, tf.sum(x1, -1)),
              logTargetAndGrad: (x1) => ({
                value: tf.mul(scale, tf.sum(x1, -1)),
                grad: tf.mul(scale, tf.onesLike(x1)),
              }),
            }
          },
        }
        const { noise, data, standardError, ess } = await estimate(estimator, steep, { batch: 2, candidates })
        const where = `K = ${candidates}, target ${scale}·Σa, x + ${far}`
        for (const [name, values] of Object.entries({ noise, data, standardError }))
          expect(values.flat().every(Number.isFinite), `${name} is not finite at ${where}`)
        expect(
          ess.every((value) => value >= 1 - 1e-3 && value <= candidates + 1e-2),
          `ess ${ess} outside of [1, ${candidates}] at ${where}`,
        )
      }
}

async function cost(estimate: Estimate, estimator: Estimator, known: KnownProblem): Promise<void> {
  let spent = 0
  const counted: KnownProblem = {
    ...known,
    problem(batch) {
      const problem = known.problem(batch)
      const count = (x1: tf.Tensor3D, each: number) => {
        spent += each * x1.shape[1]
      }
      return {
        ...problem,
        logTarget: (x1) => {
          count(x1, 1)
          return problem.logTarget(x1)
        },
        logTargetAndGrad: (x1) => {
          count(x1, 2)
          return problem.logTargetAndGrad!(x1)
        },
      }
    },
  }
  await estimate(estimator, counted, { batch: 2, candidates: 32 })
  expect(spent === estimator.cost(32), `cost(32) says ${estimator.cost(32)}, spent ${spent}`)
  const blind: KnownProblem = {
    ...known,
    problem(batch) {
      const { logTargetAndGrad: _, ...problem } = known.problem(batch)
      return problem
    },
  }
  let refused = false
  try {
    await estimate(estimator, blind, { batch: 1, candidates: 4 })
  } catch (error) {
    refused = (error as { code?: string }).code === 'missing-gradient'
    if (!refused) throw error
  }
  expect(refused === estimator.needsGradient, `needsGradient is ${estimator.needsGradient}`)
}

function tensors(estimator: Estimator, known: KnownProblem): void {
  const problem = known.problem(2)
  const noise = noiseFor(estimator, problem, { batch: 2, candidates: 8 })
  const before = tf.memory().numTensors
  const result = estimatePosteriorMean(problem, { estimator, noise })
  tf.dispose([result.noise, result.data, ...Object.values(result.diagnostics)])
  const left = tf.memory().numTensors - before
  tf.dispose([problem.x, problem.t, problem.centre ?? [], ...Object.values(noise)])
  expect(left === 0, `${left} tensors are left`)
}

async function compiled(estimator: Estimator, known: KnownProblem, compile: Compile): Promise<void> {
  const run = { batch: 3, candidates: 16 }
  const eager = await estimateBy()(estimator, known, run)
  const found = await estimateBy(compile)(estimator, known, run)
  for (const name of ['noise', 'ess'] as const)
    for (const [i, value] of eager[name].flat().entries()) {
      const other = found[name].flat()[i]!
      const close = Math.abs(other - value) <= 1e-3 * Math.max(1, Math.abs(value))
      expect(close, `${name}[${i}]: compiled ${other}, eager ${value}`)
    }
}
