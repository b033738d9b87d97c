// The first module of the bundle: tfjs-core's tests want Jasmine's globals when they are read.
import { writeFileSync } from 'node:fs'
import jasmineCore from 'jasmine-core'

/** What became of one test; `message` says why it failed. */
export interface Result {
  readonly name: string
  readonly status: string
  readonly message: string | undefined
}

const env = jasmineCore.boot().getEnv()
const results: Result[] = []
// ONLY=<part of a name> runs a few by hand
env.configure({ random: false, specFilter: (spec) => spec.getFullName().includes(process.env.ONLY ?? '') })
env.addReporter({
  specDone: ({ fullName, status, failedExpectations }) => {
    results.push({
      name: fullName.replace(' suite {}', '').replace(/\s+/g, ' '),
      status,
      message: failedExpectations[0]?.message,
    })
  },
  jasmineDone: () => writeFileSync(process.argv[2]!, JSON.stringify(results)),
})
setImmediate(() => env.execute())
