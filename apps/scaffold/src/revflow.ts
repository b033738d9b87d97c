// The `revflow` command from its source, in a process that knows what was just written.
import { main } from '@revflow/trainer'

process.exitCode = await main(process.argv.slice(2))
