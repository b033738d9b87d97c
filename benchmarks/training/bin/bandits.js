#!/usr/bin/env node
import { main } from '../dist/bandits.js'

await main(process.argv.slice(2))
