// Set up before each test file where REVFLOW_TEST_BACKEND is `node`: what a test computes on the backend `cpu` or `wasm`,
// it computes on @tensorflow/tfjs-node instead. Without a binding that works every file fails.
import { createRequire } from 'node:module'
import type * as TensorFlow from '@tensorflow/tfjs'

const require = createRequire(new URL('../package.json', import.meta.url))
const tf = require('@tensorflow/tfjs') as typeof TensorFlow
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'
require('@tensorflow/tfjs-node')

const engine = tf.engine()
const setBackend = engine.setBackend.bind(engine)
engine.setBackend = (name) => setBackend(name === 'cpu' || name === 'wasm' ? 'tensorflow' : name)
if (tf.getBackend() !== 'tensorflow') throw new Error(`tfjs-node was loaded, but the backend is ${tf.getBackend()}`)
