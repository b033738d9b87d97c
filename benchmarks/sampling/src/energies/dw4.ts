import * as tf from '@tensorflow/tfjs'
import type { Energy } from './energy.ts'
import { centredParticles, pairEnergy } from './particles.ts'

/** Constants of V(r) = a (r − d0)⁴ + b (r − d0)² and the temperature, 1. */
const [A, B, D0] = [0.9, -4, 4]

/**
 * DW4: four particles in the plane, a double well in each distance. Constants: Köhler et al. 2020 (equivariant flows,
 * arXiv 2006.02425), as in bgflow's `MultiDoubleWellPotential` (each pair once); σ_max = 3, scores clipped to norm 20 a
 * particle: Akhound-Sadegh et al. 2024 (iDEM, arXiv 2402.06121, `configs/experiment/dw4_idem.yaml`). σ_min is ours
 * (iDEM: 1e-5): a tenth of the width of a well.
 */
export function dw4(): Energy {
  return {
    name: 'dw4',
    reference: 'Köhler et al. 2020 (arXiv 2006.02425) and iDEM (arXiv 2402.06121)',
    scale: 2,
    sigmaMax: 3,
    sigmaMin: 0.02,
    scoreClip: 20,
    proposalSigma: 0.5,
    ...pairEnergy(centredParticles(4, 2), (r) => {
      const u = tf.sub(r, D0)
      const square = tf.square(u)
      return {
        value: tf.mul(square, tf.add(B, tf.mul(A, square))),
        slope: tf.mul(u, tf.add(2 * B, tf.mul(4 * A, square))),
      }
    }),
  }
}
