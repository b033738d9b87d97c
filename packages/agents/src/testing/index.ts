export {
  bandits,
  drawMixture,
  drawMomentMatched,
  energyDistance,
  fourModes,
  type Mixture,
  modeShares,
  twoModes,
} from './bandits.ts'
export { type Compile, knownCritics, knownQ, type LearnOptions, learn, type Problem } from './known-q.ts'
