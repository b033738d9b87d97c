// The second module of the bundle: the environment has to be set before a test is read.
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util.js'
import '@tensorflow/tfjs-core/dist/register_all_gradients.js'

Error.stackTraceLimit = 10
setTestEnvs([{ name: 'suite', backendName: process.env.BACKEND ?? 'revflow', flags: {}, isDataSync: true }])
