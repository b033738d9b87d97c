import * as tf from '@tensorflow/tfjs-core'
import { gaussian } from './gaussian.ts'
import { isGaussian, type Source } from './source.ts'

/** The law of factor · X0, factor > 0. */
export function scaledSource(source: Source, factor: number): Source {
  if (factor === 1) return source
  if (isGaussian(source)) return gaussian({ dim: source.dim, mean: source.mean * factor, scale: source.scale * factor })
  const { name, dim, score } = source
  return {
    name,
    dim,
    draw: (rng, n) => source.draw(rng, n).map((v) => factor * v),
    logProb: (x) => tf.tidy(() => tf.sub(source.logProb(tf.div(x, factor)), dim * Math.log(factor))),
    ...(score && { score: (x: tf.Tensor) => tf.tidy(() => tf.div(score(tf.div(x, factor)), factor)) }),
  }
}
