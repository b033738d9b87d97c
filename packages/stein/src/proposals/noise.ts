import { drawNoise, type NoiseSpecs, type Rng } from '@revflow/core'
import * as tf from '@tensorflow/tfjs-core'

/** Draws the noise that `estimatorNoise` asks for, as tensors by name, in the order of the names. */
export function drawNoiseTensors(rng: Rng, specs: NoiseSpecs): Record<string, tf.Tensor> {
  const drawn = Object.entries(specs).map(([name, spec]) => [name, tf.tensor(drawNoise(rng, spec), [...spec.shape])])
  return Object.fromEntries(drawn) as Record<string, tf.Tensor>
}
