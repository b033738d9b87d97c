import { RevflowError } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'
import { scaledSource } from '../sources/scaled.ts'
import { type Arithmetic, type Coefficients, numbers, type Schedule, tensors } from './schedule.ts'

/** A smooth, rising change of time w on [0, 1], in the arithmetic given, so that it serves numbers and tensors. */
export type Warp = <T>(s: T, arithmetic: Arithmetic<T>) => { readonly value: T; readonly derivative: T }

/**
 * The schedule at t = w(s), as a schedule in s: the same paths at another pace, α'(s) = α'(w(s)) w'(s). As tensors, β
 * keeps near t = 1 the float32 digits of w(s) only.
 * @throws RevflowError (`invalid-warp`) where w does not rise from [0, 1] onto the schedule's interval
 */
export function warpTime(schedule: Schedule, name: string, warp: Warp): Schedule {
  const value = (s: number) => warp(s, numbers).value
  const invert = (t: number) => {
    if (!(value(0) <= t && t <= value(1)))
      throw new RevflowError({
        code: 'invalid-warp',
        path: name,
        expected: `a function that rises through [${schedule.tMin}, ${schedule.tMax}] on [0, 1]`,
        received: `values from ${value(0)} to ${value(1)}`,
      })
    let [low, high] = [0, 1]
    for (let i = 0; i < 60; i++) {
      const middle = (low + high) / 2
      if (value(middle) < t) low = middle
      else high = middle
    }
    return high
  }
  return {
    name: `${schedule.name}/${name}`,
    tMin: invert(schedule.tMin),
    tMax: invert(schedule.tMax),
    start: (source) => scaledSource(source, schedule.at(schedule.tMin).beta),
    at(s) {
      const { value: t, derivative } = warp(s, numbers)
      const { alpha, beta, alphaDot, betaDot } = schedule.at(t)
      return { alpha, beta, alphaDot: alphaDot * derivative, betaDot: betaDot * derivative }
    },
    atTensor: (s) =>
      tf.tidy(() => {
        const { value: t, derivative } = warp(s, tensors)
        const { alpha, beta, alphaDot, betaDot } = schedule.atTensor(t)
        return { alpha, beta, alphaDot: tf.mul(alphaDot, derivative), betaDot: tf.mul(betaDot, derivative) }
      }) as Coefficients<tf.Tensor1D>,
  }
}
