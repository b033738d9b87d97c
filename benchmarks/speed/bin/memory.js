#!/usr/bin/env node
import { main } from '../dist/memory.js'

await main(process.argv.slice(2))
