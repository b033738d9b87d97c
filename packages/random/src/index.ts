export { createRng, type Rng, type RngState, restoreRng, rngStateSchema } from './rng.ts'
