#!/usr/bin/env node
import { main } from '../dist/update.js'

await main(process.argv.slice(2))
