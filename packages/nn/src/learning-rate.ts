import * as tf from '@tensorflow/tfjs-core'

/** A learning rate as a function of the updates made before, [] float32. */
export type Schedule = (step: tf.Scalar) => tf.Tensor

/** share of `steps` done, in [0, 1] */
const progress = (step: tf.Scalar, steps: number) => tf.clipByValue(tf.div(step, steps), 0, 1)

/** The same rate at every update. */
export const constant =
  (value: number): Schedule =>
  () =>
    tf.scalar(value)

/** From `start` to `end` in a line over `steps` updates, then `end`. */
export const linearDecay =
  ({ start, end, steps }: { start: number; end: number; steps: number }): Schedule =>
  (step) =>
    tf.add(start, tf.mul(end - start, progress(step, steps)))

/** From `start` to `end` along half a cosine over `steps` updates, then `end`. */
export const cosineDecay =
  ({ start, end, steps }: { start: number; end: number; steps: number }): Schedule =>
  (step) =>
    tf.add(end, tf.mul((start - end) / 2, tf.add(1, tf.cos(tf.mul(Math.PI, progress(step, steps))))))

/** Rises in a line from 0 over `steps` updates before `schedule` holds alone. */
export const warmUp =
  (schedule: Schedule, steps: number): Schedule =>
  (step) =>
    tf.mul(schedule(step), progress(tf.add(step, 1) as tf.Scalar, steps))
