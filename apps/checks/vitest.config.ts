import { defineConfig } from 'vitest/config'

// Not among the tests: it releases, installs from npm, and takes minutes.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['published/*.test.ts'],
    testTimeout: 900_000,
    hookTimeout: 1_800_000,
    maxWorkers: 1,
  },
})
