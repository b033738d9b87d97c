import * as tf from '@tensorflow/tfjs-core'
import { LazyBackend } from './backend/lazy-backend.ts'
import { correctGradients } from './gradients.ts'
import { registerKernels } from './trace/graph-backend.ts'

/** Name of the TensorFlow.js backend that importing `@revflow/jit/backend` registers. */
export const BACKEND = 'revflow'

tf.registerBackend(
  BACKEND,
  () => {
    correctGradients()
    return new LazyBackend()
  },
  1,
)
registerKernels(BACKEND)
