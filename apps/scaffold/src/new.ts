// `pnpm new:<kind> <name>`: run from its source, so that nothing has to be built.
import { fileURLToPath } from 'node:url'
import { main } from './cli.ts'

process.exitCode = main(process.argv.slice(2), fileURLToPath(new URL('../../..', import.meta.url)))
