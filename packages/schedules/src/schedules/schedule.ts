import { RevflowError } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'
import { scaledSource } from '../sources/scaled.ts'
import type { Source } from '../sources/source.ts'

/** α, β and their derivatives with respect to t. */
export interface Coefficients<T> {
  readonly alpha: T
  readonly beta: T
  readonly alphaDot: T
  readonly betaDot: T
}

/** An interpolation X_t = α_t X1 + β_t X0 from noise (t = 0) to data (t = 1). */
export interface Schedule {
  readonly name: string
  /** The interval of t used for training and sampling. */
  readonly tMin: number
  readonly tMax: number
  /**
   * The law that sampling starts from at tMin: that of β(tMin)·X0, which leaves α(tMin)·X1 out. Exact where α(tMin) = 0;
   * fair for the variance-exploding schedule where σ_max is far above the spread of the data.
   */
  start(source: Source): Source
  /** At a time, in double precision. @throws RevflowError (`singular-schedule`) where a derivative is infinite */
  at(t: number): Coefficients<number>
  /** At times [B]; each coefficient is [B]. */
  atTensor(t: tf.Tensor1D): Coefficients<tf.Tensor1D>
}

/**
 * A schedule written once, for numbers and for tensors alike: the arithmetic its formulas use.
 */
export interface Arithmetic<T> {
  add(a: T | number, b: T | number): T
  sub(a: T | number, b: T | number): T
  mul(a: T | number, b: T | number): T
  div(a: T | number, b: T | number): T
  sin(a: T): T
  cos(a: T): T
  exp(a: T): T
  expm1(a: T): T
  sqrt(a: T): T
}

export const numbers: Arithmetic<number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  sin: Math.sin,
  cos: Math.cos,
  exp: Math.exp,
  expm1: Math.expm1,
  sqrt: Math.sqrt,
}

export const tensors: Arithmetic<tf.Tensor1D> = {
  add: (a, b) => tf.add(a, b),
  sub: (a, b) => tf.sub(a, b),
  mul: (a, b) => tf.mul(a, b),
  div: (a, b) => tf.div(a, b),
  sin: (a) => tf.sin(a),
  cos: (a) => tf.cos(a),
  exp: (a) => tf.exp(a),
  expm1: (a) => tf.expm1(a),
  sqrt: (a) => tf.sqrt(a),
}

export interface ScheduleDefinition {
  readonly name: string
  readonly tMin: number
  readonly tMax: number
  /** The formulas. */
  coefficients<T>(t: T, arithmetic: Arithmetic<T>): Coefficients<T>
}

/** Makes a schedule of its formulas. @throws RevflowError (`invalid-interval`) unless 0 ≤ tMin < tMax ≤ 1 */
export function defineSchedule({ name, tMin, tMax, coefficients }: ScheduleDefinition): Schedule {
  if (!(tMin >= 0 && tMin < tMax && tMax <= 1))
    throw new RevflowError({
      code: 'invalid-interval',
      path: name,
      expected: '0 ≤ tMin < tMax ≤ 1',
      received: `tMin ${tMin}, tMax ${tMax}`,
    })
  return {
    name,
    tMin,
    tMax,
    start: (source) => scaledSource(source, coefficients(tMin, numbers).beta),
    at(t) {
      const values = coefficients(t, numbers)
      for (const [key, value] of Object.entries(values))
        if (!Number.isFinite(value))
          throw new RevflowError({
            code: 'singular-schedule',
            path: `${name}.${key}`,
            expected: 'a time where it is finite',
            received: `t = ${t}`,
          })
      return values
    },
    atTensor: (t) => tf.tidy(() => ({ ...coefficients<tf.Tensor1D>(t, tensors) })) as Coefficients<tf.Tensor1D>,
  }
}
