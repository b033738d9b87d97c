import { defineConfig } from 'vitest/config'

// Tests read the sources of every package through the `revflow-source` export condition: nothing has to be built first.
const conditions = ['revflow-source', 'node', 'import', 'module', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['node', 'import'] } },
  test: {
    include: ['{packages,apps,benchmarks}/*/test/**/*.test.ts', '{docs,examples}/test/**/*.test.ts'],
    testTimeout: 60_000,
    maxWorkers: 2,
    onConsoleLog: () => undefined,
  },
})
