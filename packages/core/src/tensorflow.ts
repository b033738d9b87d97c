import { RevflowError } from './errors.ts'

type Class = abstract new (...args: never[]) => object

/** What of the module `@tensorflow/tfjs-core` tells its copies apart. */
export interface TensorflowModule {
  readonly version_core: string
  readonly Environment: Class
  readonly KernelBackend: Class
  env(): object
  engine(): { readonly registry: Readonly<Record<string, object>> }
}

/**
 * Refuses a second copy of TensorFlow.js beside the one a package imports. Copies share one engine, so that most things
 * seem to work, but whose kernels and gradients it has depends on which was loaded last: operations may be missing, and
 * derivatives that revflow corrects are wrong again. Seen are a copy loaded before, and one whose backend is in use.
 * @param tf the module, as the package imports it
 * @throws RevflowError (`two-tensorflows`)
 */
export function checkTensorflow(tf: TensorflowModule): void {
  const backends = Object.values(tf.engine().registry)
  if (tf.env() instanceof tf.Environment && backends.every((backend) => backend instanceof tf.KernelBackend)) return
  throw new RevflowError({
    code: 'two-tensorflows',
    path: '@tensorflow/tfjs-core',
    expected: `one copy, ${tf.version_core}, which revflow imports`,
    received: 'another one beside it',
    hint: 'install one version of all @tensorflow packages (`npm ls @tensorflow/tfjs-core` shows who brings which)',
  })
}
