// The command run from its sources, for tests that need a process of their own.
import { main } from '../src/cli.ts'

process.exitCode = await main(process.argv.slice(2))
