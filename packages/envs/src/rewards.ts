import { tolerance } from './tolerance.ts'

const idle = { margin: 1, valueAtMargin: 0, sigmoid: 'quadratic' } as const

/** Reward factor for small controls: 1 where all are 0, 0.8 where all are at their bounds of ±1. */
export function smallControl(ctrl: Float64Array): number {
  let sum = 0
  for (let i = 0; i < ctrl.length; i++) sum += tolerance(ctrl[i]!, idle)
  return (4 + sum / ctrl.length) / 5
}
