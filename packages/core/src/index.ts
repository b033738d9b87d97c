export { type ErrorFacts, lookUp, nearest, parseOptions, RevflowError } from './errors.ts'
export { drawNoise, type NoiseSpec, type NoiseSpecs, type RowLaw } from './noise.ts'
export { createRng, type Rng, type RngState, restoreRng, rngStateSchema } from './rng.ts'
export { flattenTree, mapTree, type Tree, treeLeaves, unflattenTree } from './tree.ts'
