import { defineConfig } from 'vitest/config'

// Not among the tests: it releases, installs from npm, and takes minutes.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['published/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxWorkers: 1,
    bail: 0,
  },
})
