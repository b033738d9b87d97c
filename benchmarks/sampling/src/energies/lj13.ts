import * as tf from '@tensorflow/tfjs'
import type { Energy } from './energy.ts'
import { centredParticles, pairEnergy } from './particles.ts'

/** Depth of a pair's well in units of the temperature. */
const DEPTH = 2
/** Distance of least energy. */
const RADIUS = 1
/**
 * Below it the energy goes on in a straight line, so that it and its slope stay finite. V is 41 there: a share of 1e-15
 * of the samples.
 */
const CORE = 0.75
/** Strength of the harmonic term ½ k Σ|x_i − x̄|². */
const SPRING = 1

/**
 * LJ13: thirteen Lennard-Jones particles in space, held together by a spring. V(r) = 2 [(1/r)¹² − 2 (1/r)⁶] and k = 1:
 * Köhler et al. 2020 (arXiv 2006.02425) as iDEM's public code computes it, which counts each pair twice with ε = 1
 * (Akhound-Sadegh et al. 2024, arXiv 2402.06121, `dem/energies/lennardjones_energy.py`); σ_max = 2, σ_min = 0.01, scores
 * clipped to norm 20 a particle (`configs/experiment/lj13_idem.yaml`). The straight core is ours.
 */
export function lj13(): Energy {
  return {
    name: 'lj13',
    reference: 'Köhler et al. 2020 (arXiv 2006.02425) and iDEM (arXiv 2402.06121)',
    scale: 0.7,
    sigmaMax: 2,
    sigmaMin: 0.01,
    scoreClip: 20,
    proposalSigma: 0.1,
    ...pairEnergy(
      centredParticles(13, 3),
      (r) => {
        const outside = tf.maximum(r, CORE)
        const attraction = tf.pow(tf.div(RADIUS, outside), 6)
        const repulsion = tf.square(attraction)
        const slope = tf.div(tf.mul(-12 * DEPTH, tf.sub(repulsion, attraction)), outside)
        const value = tf.mul(DEPTH, tf.sub(repulsion, tf.mul(2, attraction)))
        return { value: tf.add(value, tf.mul(slope, tf.sub(r, outside))), slope }
      },
      SPRING,
    ),
  }
}
